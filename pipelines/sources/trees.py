"""Which directories are repositories, and the files in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from pipelines.sources.inputs import in_order
from pipelines.sources.unit import InputFile
from schemas.errors import CodemillError
from schemas.sources import VERSION_CONTROL, DirectorySource
from storage.errors import StorageError
from storage.listing import Entry, compile_glob, has_wildcard, list_files, split_pattern
from storage.uris import is_remote, join, local_path


def tree_roots(config: DirectorySource) -> list[tuple[str, int]]:
    """(folder that relative names start from, how many names of them make the repository), for each path.

    `repositories: root` with path "data/numpy" gives repository "numpy"; with "data/*" every directory in `data`.
    `repositories: children` with path "data" gives every directory in `data`; with "data/*", "a/b" for `data/a/b`.

    Raises:
        CodemillError: a path has `**`, where it is not clear which directory is the repository.
    """
    return [(tree.root, tree.depth) for tree in (_tree(path, config.repositories) for path in config.paths)]


def find_tree_files(config: DirectorySource) -> list[tuple[str, Entry]]:
    """(URI, entry) of every file in the trees, in the order of relative names.

    Raises:
        CodemillError: a path matches no directory with files, cannot be listed, or two files have the same name.
    """
    found: list[tuple[str, Entry]] = []
    for path in config.paths:
        try:
            matching = list(_files(_tree(path, config.repositories)))
        except StorageError as error:
            raise CodemillError(error.message, error.remedy) from None
        if not matching:
            raise CodemillError(f"{path}: no directory with files there", "check the path")
        found += matching
    return in_order(found)


def split_name(file: InputFile, roots: list[tuple[str, int]]) -> tuple[str, str]:
    """(repository, path in it) of a file; one that lies outside all repositories is in repository "."."""
    depth = next(depth for root, depth in roots if join(root, file.relative) == file.uri)
    parts = file.relative.split("/")
    if len(parts) <= depth:
        return ".", file.relative
    return "/".join(parts[:depth]), "/".join(parts[depth:])


class _Tree(NamedTuple):
    """One path of the config."""

    root: str
    depth: int
    folder: str
    """The folder below the root to list, "" for the root itself."""
    pattern: re.Pattern[str] | None
    """What the first `levels` folders below the root have to match."""
    levels: int


def _tree(path: str, repositories: str) -> _Tree:
    below = 1 if repositories == "children" else 0
    if not has_wildcard(path):
        if below:
            return _Tree(path, 1, "", None, 0)
        root, name = split_pattern(path if is_remote(path) else os.path.abspath(local_path(path)))
        return _Tree(root, 1, name, None, 0)
    root, rest = split_pattern(path)
    if "**" in rest.split("/"):
        raise CodemillError(
            f"{path}: ** does not say which directory is a repository", "write one * per folder; all below is taken"
        )
    levels = rest.count("/") + 1
    return _Tree(root, levels + below, "", compile_glob(rest), levels)


def _files(tree: _Tree) -> Iterator[tuple[str, Entry]]:
    prefix = f"{tree.folder}/" if tree.folder else ""
    for found in list_files(join(tree.root, prefix), follow_links=False):
        entry = found._replace(relative=prefix + found.relative)
        folders = entry.relative.split("/")[:-1]
        if not VERSION_CONTROL.isdisjoint(folders):
            continue
        if len(folders) < tree.levels:
            continue
        if tree.pattern is None or tree.pattern.fullmatch("/".join(folders[: tree.levels])):
            yield join(tree.root, entry.relative), entry
