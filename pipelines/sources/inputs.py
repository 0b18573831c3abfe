"""From the paths of a config to the input files, each by a name that does not say where the corpus lies."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pyarrow as pa

from pipelines.sources.elements import FileRejected
from pipelines.sources.unit import InputFile, Unit
from schemas.errors import CodemillError
from schemas.reasons import Reject
from storage.errors import ForbiddenFile, MissingFile, StorageError
from storage.files import open_input, open_stream
from storage.listing import Entry, find_files, list_files, status
from storage.uris import is_remote, join, local_path


def find_inputs(paths: tuple[str, ...], suffixes: tuple[str, ...]) -> list[tuple[str, Entry]]:
    """(URI, entry) of every file that the paths name, in the order of relative names.

    A path names a file, is a glob, or is a directory, of which all files with one of the suffixes are taken.

    Raises:
        CodemillError: a path matches nothing, cannot be listed, or two files have the same relative name.
    """
    found: list[tuple[str, Entry]] = []
    for path in paths:
        try:
            root, entries = find_files(path)
            if not entries:
                root, entries = path, [e for e in list_files(path) if e.relative.endswith(suffixes)]
        except StorageError as error:
            raise CodemillError(error.message, error.remedy) from None
        if not entries:
            raise CodemillError(f"{path}: matches no file", f"check it; a directory needs {' or '.join(suffixes)}")
        found += [(join(root, entry.relative), entry) for entry in entries]
    return in_order(found)


def whole_files(source: str, kind: str, paths: tuple[str, ...], suffixes: tuple[str, ...]) -> list[Unit]:
    """One unit per file that the paths name.

    Raises:
        CodemillError: as `find_inputs`.
    """
    files = [InputFile(uri, *entry) for uri, entry in find_inputs(paths, suffixes)]
    return [Unit(source, kind, ordinal, (file,), 0, file.size) for ordinal, file in enumerate(files)]


def in_order(found: Iterable[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    """Sort by relative name, a file that several paths name taken once.

    Raises:
        CodemillError: two files have the same relative name.
    """
    by_name: dict[str, tuple[str, Entry]] = {}
    for uri, entry in found:
        other = by_name.setdefault(entry.relative, (uri, entry))[0]
        if other != uri and not _same_file(other, uri):
            raise CodemillError(
                f"{other} and {uri} have the same name {entry.relative!r} within this source",
                "name both by one pattern from a common folder on, or make two sources",
            )
    return [by_name[name] for name in sorted(by_name, key=os.fsencode)]


def _same_file(one: str, other: str) -> bool:
    if is_remote(one) or is_remote(other):
        return one == other
    return os.path.abspath(local_path(one)) == os.path.abspath(local_path(other))


def printable(name: str) -> str:
    r"""A file name as valid Unicode: bytes that are not UTF-8 become `\xNN`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def open_unchanged(file: InputFile, *, random_access: bool = False) -> pa.NativeFile:
    """Open a planned file, from front to back or for random access.

    Raises:
        FileRejected: it lies here and may not be read.
        CodemillError: it is gone, or not as it was when the build was planned.
    """
    try:
        if status(file.uri) != (file.size, file.version):
            raise changed(file.uri)
        return open_input(file.uri) if random_access else open_stream(file.uri)
    except MissingFile:
        raise changed(file.uri) from None
    except ForbiddenFile as error:
        # On gs:// the same trouble is the account's, for every file: that ends the build.
        if is_remote(file.uri):
            raise CodemillError(error.message, error.remedy) from None
        raise FileRejected(Reject.UNREADABLE_FILE, "", "permission denied") from None
    except StorageError as error:
        raise CodemillError(error.message, error.remedy) from None


def changed(uri: str) -> CodemillError:
    """The error for an input that is not what it was: a snapshot of both states would be one of neither."""
    return CodemillError(f"{printable(uri)}: has changed since the build began", "leave the input alone; build again")
