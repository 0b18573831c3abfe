"""Find files: all below a directory, or all that match a glob; always in the order of their names' bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from storage.errors import explained
from storage.files import TEMPORARY_PREFIX, exists
from storage.objects import look, objects_below
from storage.uris import is_remote, join, local_path, object_path

_MAGIC = re.compile(r"[*?\[]")


class Entry(NamedTuple):
    """A file found below a root."""

    relative: str
    """Its name from the root on, with "/" between folders."""
    size: int
    """Bytes as stored."""
    version: str
    """Changes when the content does: the time of the last change in nanoseconds, or an object's generation."""


def list_files(root: str, *, follow_links: bool = True, depth: int | None = None) -> list[Entry]:
    """All files below a directory; none if it does not exist.

    Args:
        root: the directory.
        follow_links: whether a symbolic link to a file counts as a file. Links to directories are never
            followed (they may lead in a circle).
        depth: how many levels of names to go down, all of them if None.

    Raises:
        StorageError: the root is a file, or something in it cannot be listed.
    """
    found = _list_objects(root, depth) if is_remote(root) else _walk(local_path(root), follow_links, depth)
    return sorted(found, key=lambda entry: os.fsencode(entry.relative))


def status(uri: str) -> tuple[int, str]:
    """(size, version) of one file, the same that a listing gives.

    Raises:
        MissingFile: it does not exist.
        StorageError: it cannot be looked at.
    """
    if is_remote(uri):
        _, size, generation = look(uri)
        return size, str(generation)
    try:
        found = os.stat(local_path(uri))
    except OSError as error:
        raise explained(uri, "read", error) from None
    return found.st_size, str(found.st_mtime_ns)


def has_wildcard(pattern: str) -> bool:
    """Whether `*`, `?` or `[` is in it."""
    return _MAGIC.search(pattern) is not None


def split_pattern(pattern: str) -> tuple[str, str]:
    """(root, rest): the folders before the first one with a wildcard, and what follows them.

    The rest of a pattern without wildcards is its last name: the root of "data/a.jsonl" is "data".
    """
    scheme, separator, path = pattern.rpartition("://")
    parts = path.rstrip("/").split("/")
    fixed = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts) - 1)
    if separator and scheme != "file":
        fixed = max(fixed, 1)  # the bucket is a root, never a name
    root = "/".join(parts[:fixed]) + ("/" if parts[:fixed] == [""] else "")
    return scheme + separator + root, "/".join(parts[fixed:])


def compile_glob(pattern: str) -> re.Pattern[str]:
    """The regular expression of a glob without its root; it is meant for `fullmatch`.

    `*` and `?` stay within a folder, `**` as a whole name is any number of folders, `[ab]`, `[a-z]` and
    `[!a]` are sets. As in a shell, a leading dot has to be written out.
    """
    parts = pattern.split("/")
    regex = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            regex += r"(?:(?!\.)[^/]+/)*" + (r"(?!\.)[^/]+" if last else "")
            continue
        regex += _component(part) + ("" if last else "/")
    return re.compile(regex, re.DOTALL)


def find_files(pattern: str) -> tuple[str, list[Entry]]:
    """(root, files below it that match), by their names from the root on.

    A pattern that is itself the name of something that exists is taken literally.
    """
    root, rest = split_pattern(pattern)
    if has_wildcard(pattern) and exists(pattern):
        root, _, rest = pattern.rstrip("/").rpartition("/")
        root = root or ("/" if pattern.startswith("/") else "")
        expression = re.compile(re.escape(rest))
    else:
        expression = compile_glob(rest)
    depth = None if "**" in rest.split("/") else rest.count("/") + 1
    return root, [entry for entry in list_files(root, depth=depth) if expression.fullmatch(entry.relative)]


def glob(pattern: str) -> list[str]:
    """The URIs of all files that match, sorted; see `compile_glob` for the wildcards."""
    root, entries = find_files(pattern)
    return [join(root, entry.relative) for entry in entries]


def _component(part: str) -> str:
    regex = r"(?!\.)" if part[:1] in ("*", "?", "[") else ""
    position = 0
    while position < len(part):
        character = part[position]
        closing = part.find("]", position + 2) if character == "[" else -1
        if character == "*":
            regex += "[^/]*"
        elif character == "?":
            regex += "[^/]"
        elif closing > 0:
            members = part[position + 1 : closing].replace("\\", r"\\").replace("[", r"\[")
            negated = members.startswith("!")
            regex += f"(?!/)[{'^' + members[1:] if negated else members.replace('^', chr(92) + '^', 1)}]"
            position = closing
        else:
            regex += re.escape(character)
        position += 1
    return regex


def _walk(root: str, follow_links: bool, depth: int | None) -> Iterator[Entry]:
    waiting = [("", 1)]
    while waiting:
        folder, level = waiting.pop()
        path = os.path.join(root, folder) if folder else root or "."
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if depth is None or level < depth:
                            waiting.append((f"{folder}{entry.name}/", level + 1))
                        continue
                    if entry.name.startswith(TEMPORARY_PREFIX):
                        continue
                    if not entry.is_file(follow_symlinks=follow_links):
                        continue
                    try:
                        status = entry.stat(follow_symlinks=follow_links)
                    except FileNotFoundError:  # deleted since the folder was read
                        continue
                    yield Entry(folder + entry.name, status.st_size, str(status.st_mtime_ns))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise explained(path, "list", error) from None


def _list_objects(root: str, depth: int | None) -> Iterator[Entry]:
    _, _, directory = object_path(root).partition("/")
    skipped = len(directory) + 1 if directory else 0
    for name, size, generation in objects_below(root):
        relative = name[skipped:]
        if depth is None or relative.count("/") < depth:
            yield Entry(relative, size, str(generation))
