"""YAML text as values and as nodes that know their lines; what is wrong with it in one line."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import yaml

from schemas.errors import CodemillError
from schemas.names import printable


class Parsed(NamedTuple):
    """A YAML document."""

    data: Any
    root: yaml.Node | None
    """None if the document is empty."""


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice, where YAML would keep the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _trouble("a key must be one word or number", key_node)
            if key in seen:
                raise _trouble(f"key {key!r} is written twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # a date that is none, a number that is too long
            raise _trouble(str(error), node) from None


def parse(path: str, text: bytes) -> Parsed:
    """Read a file's text.

    Raises:
        CodemillError: it is not YAML; line and column are told.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return Parsed(None if root is None else loader.construct_document(root), root)
    except (yaml.reader.ReaderError, UnicodeDecodeError):
        raise CodemillError(f"{path}: is no text, as YAML must be", "name a YAML file, written in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        words, remedy = _in_words(error.problem or error.context or "not valid", text, mark)
        raise CodemillError(f"{path}{place}: {words}", remedy) from None
    except RecursionError:
        raise CodemillError(f"{path}: is nested too deeply", "write it with fewer levels") from None


def find(root: yaml.Node | None, place: Sequence[str | int], missing: bool = False) -> tuple[list[str], int | None]:
    """Where a place of Pydantic's is in a document.

    Args:
        root: the document.
        place: keys and numbers of entries from the root on, with names of unions' arms between.
        missing: whether the last part is a key that is not there.

    Returns:
        (keys and numbers without the arms' names, line from 1 of the last one that is there).
    """
    node, found, line = root, list[str](), None
    for part in place:
        child = _child(node, part)
        if child is not None:
            line, node = child
            found.append(printable(str(part)))
    if missing:
        found.append(str(place[-1]))
    return found, line


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    """(line, node) of an entry; a key's own line, where there is one."""
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # merged keys stand before those that replace them
            if key.value == str(part):
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        entry = node.value[part]
        return entry.start_mark.line + 1, entry
    return None


def _trouble(words: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, words, node.start_mark)


def _in_words(problem: str, text: bytes, mark: yaml.Mark | None) -> tuple[str, str]:
    """(what is wrong, remedy) for a problem of PyYAML's."""
    if "written twice" in problem:
        return problem, "take one of them away"
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else b""
    if b"\t" in line[: len(line) - len(line.lstrip())]:
        return "not valid YAML: the line begins with a tab", "indent it with spaces"
    return f"not valid YAML: {problem}", "correct the syntax there, or just before"
