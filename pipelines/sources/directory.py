"""Directory trees of source code: one document per file in a language that the config names.

The files of all trees are put in the order of their names' bytes and cut into units. A unit's `files[start:end]` are
its own; the files behind them state the licences of its files. Version control's own directories are no part of a
tree, and symbolic links are not followed.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyarrow as pa

from filtering.languages import language_of
from pipelines.sources.blocks import BlockBuilder
from pipelines.sources.elements import Element, RejectRow, Skipped
from pipelines.sources.inputs import changed, printable
from pipelines.sources.licenses import LICENSE_BYTES, detect_license, license_scope, scopes_of
from pipelines.sources.trees import find_tree_files, split_name, tree_roots
from pipelines.sources.unit import InputFile, Unit
from schemas.errors import CodemillError
from schemas.reasons import Reject
from schemas.sources import DirectorySource
from storage.errors import MissingFile, StorageError
from storage.files import read_bytes
from storage.listing import status
from storage.uris import is_remote, local_path

UNIT_FILES = 4000
UNIT_BYTES = 96 << 20
"""Bytes of the files in a unit that the config asks for, unless one file alone is larger."""
_BATCH_BYTES = 8 << 20


def plan(source: str, config: DirectorySource) -> list[Unit]:
    """Slices of the sorted listing, of at most UNIT_FILES files and UNIT_BYTES.

    Raises:
        CodemillError: a path matches no directory with files, or cannot be listed.
    """
    files = [InputFile(uri, *entry) for uri, entry in find_tree_files(config)]
    stated: dict[str, list[InputFile]] = defaultdict(list)
    for file in files:
        scope = license_scope(file.relative)
        if scope is not None:
            stated[scope].append(file)
    units: list[Unit] = []
    for own in _slices(files, frozenset(config.languages)):
        scopes = {scope for file in own for scope in scopes_of(file.relative)}
        licenses = sorted(
            (file for scope in scopes for file in stated.get(scope, ())), key=lambda f: os.fsencode(f.relative)
        )
        units.append(Unit(source, config.kind, len(units), (*own, *licenses), 0, len(own)))
    return units


def read(unit: Unit, config: DirectorySource) -> Iterator[Element]:
    """The unit's documents, rejects and skipped files.

    Raises:
        CodemillError: a file is not the one that was planned.
    """
    selected = frozenset(config.languages)
    roots = tree_roots(config)
    licenses = _licenses(unit.files[unit.end :])
    blocks = BlockBuilder(config.max_document_bytes)
    skipped_documents = skipped_bytes = 0
    files: list[InputFile] = []
    texts: list[bytes] = []
    batch_bytes = 0
    for file in unit.files[unit.start : unit.end]:
        if language_of(file.relative) not in selected:
            skipped_documents += 1
            skipped_bytes += file.size
        elif file.size > config.max_document_bytes:
            detail = f"{file.size} bytes; max_document_bytes is {config.max_document_bytes}"
            yield RejectRow(printable(file.relative), "", Reject.TOO_LARGE, detail, file.size)
        else:
            try:
                texts.append(_content(file))
            except OSError as error:
                detail = error.strerror or str(error)
                yield RejectRow(printable(file.relative), "", Reject.UNREADABLE_FILE, detail, file.size)
                continue
            files.append(file)
            batch_bytes += file.size
            if batch_bytes >= _BATCH_BYTES:
                yield from _documents(files, texts, roots, licenses, blocks)
                files, texts, batch_bytes = [], [], 0
    yield from _documents(files, texts, roots, licenses, blocks)
    yield from blocks.finish()
    if skipped_documents:
        yield Skipped(skipped_documents, skipped_bytes)


def _documents(
    files: list[InputFile],
    texts: list[bytes],
    roots: list[tuple[str, int]],
    licenses: dict[str, str],
    blocks: BlockBuilder,
) -> Iterator[Element]:
    names = [split_name(file, roots) for file in files]
    columns = {
        "repository": pa.array([printable(repository) for repository, _ in names], pa.string()),
        "path": pa.array([printable(path) for _, path in names], pa.string()),
        "revision": "",
        "license": pa.array([_license_of(file.relative, licenses) for file in files], pa.string()),
        "language": pa.array([language_of(file.relative) for file in files], pa.string()),
        "subset": "",
        "stars": 0,
        "copies": 1,
    }
    yield from blocks.add(pa.array(texts, pa.large_binary()), columns, [printable(file.relative) for file in files], [])


def _slices(files: Iterable[InputFile], selected: frozenset[str]) -> Iterator[list[InputFile]]:
    own: list[InputFile] = []
    total = 0
    for file in files:
        size = file.size if language_of(file.relative) in selected else 0
        if own and (len(own) == UNIT_FILES or total + size > UNIT_BYTES):
            yield own
            own, total = [], 0
        own.append(file)
        total += size
    if own:
        yield own


def _content(file: InputFile) -> bytes:
    """A file's bytes; OSError if it is there but cannot be read."""
    if is_remote(file.uri):
        return _remote_content(file)
    try:
        descriptor = os.open(local_path(file.uri), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise changed(file.uri) from None
    try:
        found = os.fstat(descriptor)
        if (found.st_size, str(found.st_mtime_ns)) != (file.size, file.version):
            raise changed(file.uri)
        pieces = []
        missing = file.size
        while missing > 0 and (piece := os.read(descriptor, missing)):
            pieces.append(piece)
            missing -= len(piece)
    finally:
        os.close(descriptor)
    if missing:
        raise changed(file.uri)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _remote_content(file: InputFile) -> bytes:
    try:
        if status(file.uri) != (file.size, file.version):
            raise changed(file.uri)
        return read_bytes(file.uri)
    except MissingFile:
        raise changed(file.uri) from None
    except StorageError as error:
        raise CodemillError(error.message, error.remedy) from None


def _licenses(files: Iterable[InputFile]) -> dict[str, str]:
    """Scope -> licence; where several files speak for one, the first by name that is plain."""
    found: dict[str, str] = {}
    for file in files:
        scope = license_scope(file.relative)
        if scope is None or found.get(scope):
            continue
        try:
            found[scope] = detect_license(file.relative, _content(file)[:LICENSE_BYTES])
        except OSError:
            found[scope] = ""
    return found


def _license_of(relative: str, licenses: dict[str, str]) -> str:
    return next((licenses[scope] for scope in scopes_of(relative) if licenses.get(scope)), "")
