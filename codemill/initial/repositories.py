"""Git repositories: the paths that name them, and what the first of them hold at their HEAD, by language."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import pygit2
from pygit2.enums import FileMode

from codemill.initial.found import Found, Looked
from codemill.initial.kinds import Kind
from codemill.initial.patterns import Named, escape, place, without_namesakes
from filtering.languages import language_of
from storage.uris import local_path

MOST_REPOSITORIES = 32
"""Repositories that are opened."""
MOST_FILES = 5000
"""Files of each that are looked at."""

pygit2.settings.owner_validation = False


def repositories(folder: str, names: Sequence[str]) -> Looked:
    """Look into the first repositories of a folder.

    Args:
        folder: a local one.
        names: of the repositories, from the folder on; "" for the folder itself.
    """
    seen = {name: _look_into(local_path(place(folder, name))) for name in names[:MOST_REPOSITORIES]}
    languages = sum((each for each in seen.values() if each is not None), Counter[str]())
    empty = [name for name, each in seen.items() if each is None]
    left = (f"{len(empty):,} Git repositories without a commit, such as {empty[0] or '.'!r}",) if empty else ()
    if len(empty) == len(seen):
        return Looked((), left, len(seen))
    found = []
    for paths, own in _paths(folder, names):
        share = len(own) / len(seen)
        scaled = Counter({language: int(size * share) for language, size in languages.items()})
        found.append(Found(Kind.GIT, paths, len(own), scaled.total(), scaled.total(), scaled))
    return Looked(tuple(found), left, len(seen))


def _paths(folder: str, names: Sequence[str]) -> list[Named]:
    """Globs by depth, of which the reader takes the repositories alone; each by itself where two share a name."""
    if names[0] and len({_called(name) for name in names}) == len(names):
        depths = sorted({name.count("/") for name in names})
        return [Named(tuple(place(escape(folder), "/".join("*" * (depth + 1))) for depth in depths), tuple(names))]
    pieces = [Named((escape(place(folder, name)),), (name,)) for name in names]
    return without_namesakes(pieces, lambda name: _called(name).rpartition("/")[2])


def _called(name: str) -> str:
    return name.removesuffix(".git")


def _look_into(folder: str) -> Counter[str] | None:
    """Bytes of text by language of a repository's HEAD, the first MOST_FILES; None if it has no commit."""
    languages: Counter[str] = Counter()
    try:
        repository = pygit2.Repository(folder)
        tree = repository.revparse_single("HEAD").peel(pygit2.Tree)
        for path, identity in islice(_files(repository, tree), MOST_FILES):
            languages[language_of(path)] += int(repository.odb.read_header(identity)[1])
    except (KeyError, ValueError, pygit2.GitError):
        return languages or None
    return languages


def _files(repository: pygit2.Repository, top: pygit2.Tree) -> Iterator[tuple[str, pygit2.Oid]]:
    waiting = [("", top)]
    while waiting:
        prefix, tree = waiting.pop()
        for entry in tree:
            path = prefix + os.fsdecode(entry.raw_name or b"")
            if entry.filemode == FileMode.TREE:
                waiting.append((f"{path}/", repository[entry.id].peel(pygit2.Tree)))
            elif entry.filemode in (FileMode.BLOB, FileMode.BLOB_EXECUTABLE):
                yield path, entry.id
