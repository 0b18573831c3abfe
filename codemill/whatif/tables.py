"""The answer to a what-if on one screen."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table

from codemill.whatif.recount import Answer


def print_answer(console: Console, answer: Answer) -> None:
    """Print the counts that change, per language and per rule, and some of the files that change sides."""
    kept = _differences("documents that pass the filters", "language", answer.kept_before, answer.kept_after)
    failing = _differences("documents by first failed rule", "rule", answer.failing_before, answer.failing_after)
    for table in (kept, failing):
        if table.row_count:
            console.print(table)
    console.print(
        f"{answer.switched:,} documents change sides, counted before deduplication; nothing was built", highlight=False
    )
    for file in answer.examples:
        change = f"kept, now dropped by {', '.join(file.after)}" if file.after else "dropped, now kept"
        was = f" (failed {', '.join(file.before)})" if file.before else ""
        console.print(
            f"{file.source}: {file.name} ({file.language}, {file.bytes:,} bytes): {change}{was}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _differences(title: str, column: str, before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("source")
    table.add_column(column)
    for name in ("before", "after", "change"):
        table.add_column(name, justify="right")
    for source, name in sorted(before.keys() | after.keys()):
        old, new = before[source, name], after[source, name]
        if old != new:
            table.add_row(source, name, f"{old:,}", f"{new:,}", f"{new - old:+,}")
    return table
