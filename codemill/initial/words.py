"""Amounts in words, for `codemill init` and `codemill doctor`."""

from __future__ import annotations

from codemill.initial.kinds import Kind


def size_words(size: int) -> str:
    """Bytes in words: 12.3 MB."""
    for unit, bytes_of_unit in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_of_unit:
            return f"{size / bytes_of_unit:,.1f} {unit}"
    return counted(size, "byte")


def counted(count: int, one: str, many: str = "") -> str:
    """1 file, 3 files, 2 repositories.

    Args:
        count: how many.
        one: what one of them is called.
        many: what several are called, if not that with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def count_words(count: int, kind: Kind) -> str:
    """How many files, or Git repositories."""
    return counted(count, "repository", "repositories") if kind is Kind.GIT else counted(count, "file")
