"""Names for people: whatever stands in them, they are one line."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text on one line: a file name may hold newlines or a terminal's control sequences."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def document_name(source: str, repository: str, path: str) -> str:
    """How messages and listings call a document."""
    return f"{source}: {printable(repository + '/' + path)}"
