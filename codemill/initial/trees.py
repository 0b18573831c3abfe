"""Single files of code and text: which folders to name, and where repositories begin in them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from codemill.initial.found import Found, Looked
from codemill.initial.kinds import Kind
from codemill.initial.listing import File
from codemill.initial.patterns import Named, escape, place, without_namesakes
from filtering.languages import language_of
from storage.uris import is_remote, object_path

_PROJECT = re.compile(
    r"(readme|licen[cs]e|copying)([-._].*)?|setup\.py|pyproject\.toml|package\.json|makefile|cmakelists\.txt"
    r"|cargo\.toml|go\.mod|pom\.xml|build\.gradle",
    re.IGNORECASE,
)
"""Names that lie at the top of one project, not above many."""

Where = Literal["children", "root"]
_WHERE: tuple[Where, ...] = ("root", "children")


def trees(folder: str, files: Sequence[File], repositories: Sequence[str]) -> Looked:
    """Take what has a language by its name.

    Args:
        folder: the one that was looked at.
        files: those that no other kind takes.
        repositories: names of Git repositories, whose work trees may not be taken a second time.
    """
    known = {file.relative: file for file in files if not file.link and language_of(file.relative)}
    left = list(_unknown(files))
    free, loose = _free_of(repositories, known)
    if loose:
        left.append(
            f"{len(loose):,} files in folders with Git repositories below, such as {json.dumps(loose[0])}:"
            " put them into a folder of their own to take them"
        )
    tops = [file.relative for file in files]
    found: list[Found] = []
    for where in _WHERE:
        own = {top: names for top, names in free.items() if _begins(folder, top, names, tops) == where}
        found += (_found(each, known, where) for each in _sources(folder, own, where))
    return Looked(tuple(found), tuple(left))


def _sources(folder: str, trees: Mapping[str, Sequence[str]], where: Where) -> list[Named]:
    # The reader names a file from its tree on, or from the folder above that.
    begin = {name: len(_above(top) if where == "root" else top) for top, names in trees.items() for name in names}
    pieces = [Named((escape(place(folder, top)),), tuple(names)) for top, names in sorted(trees.items())]
    return without_namesakes(pieces, lambda name: name[begin[name] :].lstrip("/"))


def _begins(folder: str, top: str, names: Sequence[str], everything: Sequence[str]) -> Where:
    """Whether a tree is one repository or holds many: it is one where a project's files lie at its top."""
    if not top and is_remote(folder) and "/" not in object_path(folder):
        return "children"  # a bucket has no folder above it
    directly = [name.rpartition("/")[2] for name in everything if _above(name) == top]
    return (
        "root" if any(map(_PROJECT.fullmatch, directly)) or all(_above(name) == top for name in names) else "children"
    )


def _above(name: str) -> str:
    return name.rpartition("/")[0]


def _found(named: Named, files: dict[str, File], where: Where) -> Found:
    languages: Counter[str] = Counter()
    for name in named.names:
        languages[language_of(name)] += files[name].size
    total = languages.total()
    return Found(Kind.TREE, named.paths, len(named.names), total, total, languages, repositories=where)


def _free_of(repositories: Sequence[str], names: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """(the largest folders without a repository in them, with their files; files that lie in none of these)."""
    above = {name[:end] for name in repositories for end in range(len(name)) if name[end] == "/"}
    if repositories:
        above.add("")
    free: dict[str, list[str]] = {}
    loose: list[str] = []
    for name in names:
        folders = ["", *(name[:end] for end in range(len(name)) if name[end] == "/")]
        top = next((each for each in folders if each not in above), None)
        if top is None:
            loose.append(name)
        else:
            free.setdefault(top, []).append(name)
    return free, loose


def _unknown(files: Sequence[File]) -> Iterable[str]:
    """Files that nothing reads, by their endings."""
    endings = Counter(_ending(file.relative) for file in files if not language_of(file.relative))
    if endings:
        listed = [f"{count:,} {ending}" for ending, count in sorted(endings.items(), key=lambda each: (-each[1], each))]
        more = ", ..." if len(listed) > 6 else ""
        yield f"files whose names tell no language: {', '.join(listed[:6])}{more}"
    links = sum(file.link for file in files)
    if links:
        yield f"symbolic links to files, {links:,} of them: trees are read without these"


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    return json.dumps(f".{ending}")[1:-1] if stem and dot else "without an ending"
