"""Text as Markdown that reads as that text, whatever stands in it: names come from other people's repositories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from schemas.names import printable

_MEANING = re.compile(r"[\\`*\[\]<|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.")
"""Where something begins in CommonMark, in GitHub's tables and links, or in the hub's formulas."""


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def markdown(value: Any) -> Markdown:
    """One line of Markdown that shows the value as it is; "" stays "".

    Only for places inside a line: what has a meaning at the start of one (`-`, `#`, `1.`) is left alone. Some renderers
    make a bare address a link to itself all the same.
    """
    if isinstance(value, Markdown):
        return value
    return Markdown(_MEANING.sub(lambda found: "\\" + found[0], printable(str(value))))


def fenced(text: str, language: str = "") -> Markdown:
    """Lines as a block of code that nothing in them can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return Markdown(f"{fence}{language}\n{text.rstrip()}\n{fence}")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Markdown:
    """A table; columns whose heading begins with `#` hold numbers and stand to the right. No rows give ""."""
    lines = ["| " + " | ".join(markdown(cell).strip() or "-" for cell in row) + " |" for row in rows]
    if not lines:
        return Markdown()
    names = "| " + " | ".join(name.removeprefix("#") for name in head) + " |"
    rule = "| " + " | ".join("---:" if name.startswith("#") else "---" for name in head) + " |"
    return Markdown("\n".join([names, rule, *lines]))


def bullets(items: Iterable[Any]) -> Markdown:
    """A list, one line an item."""
    return Markdown("\n".join(f"- {markdown(item)}" for item in items))
