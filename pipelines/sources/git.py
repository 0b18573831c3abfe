"""Git repositories, bare or checked out, at a revision: read from their objects, without a work tree.

The files of a commit are put in the order of their names' bytes and cut into units of UNIT_FILES. What is no text of
the repository's own is rejected by name: symbolic links and submodules.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa
import pygit2
from pygit2.enums import FileMode

from filtering.languages import language_of
from pipelines.sources.blocks import BlockBuilder
from pipelines.sources.elements import Element, FileRejected, RejectRow, Skipped
from pipelines.sources.inputs import in_order, printable
from pipelines.sources.licenses import LICENSE_BYTES, detect_license, license_scope, scopes_of
from pipelines.sources.unit import InputFile, Unit
from schemas.errors import CodemillError
from schemas.reasons import Reject
from schemas.sources import GitSource
from storage.listing import Entry, has_wildcard, split_pattern
from storage.uris import is_remote, local_path

UNIT_FILES = 4000
_BATCH_BYTES = 8 << 20
_REGULAR = (FileMode.BLOB, FileMode.BLOB_EXECUTABLE)

# Whose the folder is does not matter: nothing in a repository is run, and no configuration of it is heeded.
pygit2.settings.owner_validation = False


class TreeFile(NamedTuple):
    """One entry of a commit's tree, not a folder."""

    path: str
    """From the repository's root; bytes that are not UTF-8 as `os.fsdecode` gives them."""
    mode: int
    id: str


def plan(source: str, config: GitSource) -> list[Unit]:
    """Slices of each commit's files; a repository that cannot be read, or lacks the revision, is one empty unit.

    Raises:
        CodemillError: a path matches no repository, is on gs://, or two repositories have the same name.
    """
    found = in_order(entry for path in config.paths for entry in _repositories(path))
    units: list[Unit] = []
    for uri, entry in found:
        try:
            commit = _commit(uri, config.revision)
            count = len(_files(uri, commit))
        except FileRejected:
            commit, count = "", 0
        file = InputFile(uri, entry.relative, 0, commit)
        for start in range(0, max(1, count), UNIT_FILES):
            units.append(Unit(source, config.kind, len(units), (file,), start, min(count, start + UNIT_FILES)))
    return units


def read(unit: Unit, config: GitSource) -> Iterator[Element]:
    """The unit's documents, rejects and skipped files.

    Raises:
        FileRejected: the repository cannot be read or has no such revision.
    """
    (file,) = unit.files
    commit = file.version or _commit(file.uri, config.revision)
    repository = _open(file.uri)
    everything = _files(file.uri, commit)
    licenses = _licenses(repository, everything)
    blocks = BlockBuilder(config.max_document_bytes)
    selected = frozenset(config.languages)
    skipped = Skipped(0, 0)
    name = printable(file.relative)
    paths: list[str] = []
    texts: list[bytes] = []

    def documents() -> Iterator[Element]:
        columns = {
            "repository": name,
            "path": pa.array([printable(path) for path in paths], pa.string()),
            "revision": commit,
            "license": pa.array([_license_of(path, licenses) for path in paths], pa.string()),
            "language": pa.array([language_of(path) for path in paths], pa.string()),
            "subset": "",
            "stars": 0,
            "copies": 1,
        }
        places = [printable(path) for path in paths]
        yield from blocks.add(pa.array(texts, pa.large_binary()), columns, name, places)
        paths.clear()
        texts.clear()

    waiting = 0
    for found in everything[unit.start : unit.end]:
        if found.mode == FileMode.COMMIT:
            yield RejectRow(
                name, printable(found.path), Reject.SUBMODULE, f"commit {found.id} of another repository", 0
            )
            continue
        size = _size(repository, found.id)
        if language_of(found.path) not in selected:
            skipped = Skipped(skipped.documents + 1, skipped.bytes + size)
        elif found.mode not in _REGULAR:
            detail = f"to {printable(os.fsdecode(_content(repository, found.id)))[:200]}"
            yield RejectRow(name, printable(found.path), Reject.SYMBOLIC_LINK, detail, size)
        elif size > config.max_document_bytes:
            detail = f"{size} bytes; max_document_bytes is {config.max_document_bytes}"
            yield RejectRow(name, printable(found.path), Reject.TOO_LARGE, detail, size)
        else:
            try:
                texts.append(_content(repository, found.id))
            except KeyError:
                detail = f"object {found.id} is not in the repository, as in a partial clone"
                yield RejectRow(name, printable(found.path), Reject.UNREADABLE_FILE, detail, 0)
                continue
            paths.append(found.path)
            waiting += size
            if waiting >= _BATCH_BYTES:
                yield from documents()
                waiting = 0
    yield from documents()
    yield from blocks.finish()
    if skipped.documents:
        yield skipped


def _repositories(path: str) -> list[tuple[str, Entry]]:
    """(folder, entry with its name) of each repository that a path names or its glob matches."""
    if is_remote(path):
        raise CodemillError(f"{path}: git repositories are read from local disks", "clone it with --mirror")
    local = os.path.abspath(local_path(path))
    if not has_wildcard(path):
        if not os.path.isdir(local):
            raise CodemillError(f"{path}: no such directory", "check the path")
        folders, root = [local], os.path.dirname(local)
    else:
        root = split_pattern(local)[0]
        folders = [folder for folder in glob.glob(local) if _is_repository(folder)]
        if not folders:
            raise CodemillError(f"{path}: matches no git repository", "check the path")
    return [(folder, Entry(os.path.relpath(folder, root).removesuffix(".git"), 0, "")) for folder in folders]


def _is_repository(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, ".git")) or (
        os.path.isfile(os.path.join(folder, "HEAD")) and os.path.isdir(os.path.join(folder, "objects"))
    )


def _open(uri: str) -> pygit2.Repository:
    try:
        return pygit2.Repository(uri)
    except pygit2.GitError as error:
        raise FileRejected(Reject.CORRUPT_FILE, "", f"not a readable git repository: {error}") from None


def _commit(uri: str, revision: str) -> str:
    repository = _open(uri)
    try:
        return str(repository.revparse_single(revision).peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError) as error:
        words = str(error).strip("'\"") or type(error).__name__
        raise FileRejected(Reject.MISSING_REVISION, "", f"no commit {revision!r} ({words[:150]})") from None


@lru_cache(maxsize=4)
def _files(uri: str, commit: str) -> tuple[TreeFile, ...]:
    """Every file of a commit, in the order of the names' bytes."""
    repository = _open(uri)
    found: list[TreeFile] = []
    try:
        folders = [("", str(repository[commit].peel(pygit2.Tree).id))]
        while folders:
            prefix, tree = folders.pop()
            for entry in repository[tree].peel(pygit2.Tree):
                path = prefix + os.fsdecode(entry.raw_name or b"")
                if entry.filemode == FileMode.TREE:
                    folders.append((f"{path}/", str(entry.id)))
                else:
                    found.append(TreeFile(path, int(entry.filemode), str(entry.id)))
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise FileRejected(Reject.CORRUPT_FILE, commit, f"a tree cannot be read: {error}") from None
    return tuple(sorted(found, key=lambda file: os.fsencode(file.path)))


def _size(repository: pygit2.Repository, identity: str) -> int:
    try:
        return int(repository.odb.read_header(identity)[1])
    except KeyError:
        return 0


def _content(repository: pygit2.Repository, identity: str) -> bytes:
    return bytes(repository.odb.read(identity)[1])


def _licenses(repository: pygit2.Repository, files: tuple[TreeFile, ...]) -> dict[str, str]:
    """Scope -> licence; where several files speak for one, the first by name that is plain."""
    found: dict[str, str] = {}
    for file in files:
        scope = license_scope(file.path)
        if scope is None or found.get(scope) or file.mode not in _REGULAR:
            continue
        try:
            found[scope] = detect_license(file.path, _content(repository, file.id)[:LICENSE_BYTES])
        except KeyError:
            found[scope] = ""
    return found


def _license_of(path: str, licenses: dict[str, str]) -> str:
    return next((licenses[scope] for scope in scopes_of(path) if licenses.get(scope)), "")
