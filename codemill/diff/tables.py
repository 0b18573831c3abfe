"""A difference on a terminal: from what was asked for to what became of it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codemill.diff.compare import Difference
from codemill.diff.documents import Documents, Transition
from codemill.diff.inputs import SourceInput
from codemill.diff.settings import TOKENIZER, Setting
from codemill.diff.shards import SplitShards
from codemill.diff.tokens import Share, StageTokens
from schemas.names import printable

MOST_CHARACTERS = 48
"""Of a setting's value."""
LEAST_POINTS = 0.005
"""A share that differs by less rounds to no difference and is not shown."""


def print_difference(console: Console, difference: Difference, a: str, b: str, limit: int) -> None:
    """Print what differs; of names, units and shares at most `limit` each."""
    if difference.identical:
        _say(console, f"identical: {a} and {b} have digest {difference.digest_a}")
        return
    _say(console, f"A  {a}  digest {difference.digest_a}")
    _say(console, f"B  {b}  digest {difference.digest_b}")
    _print_settings(console, difference.settings or ())
    _print_inputs(console, difference.inputs or (), limit)
    if difference.documents:
        _print_documents(console, difference.documents)
    if any(setting.key == TOKENIZER for setting in difference.settings or ()):
        _say(console, "\nthe tokenizers differ: tokens of A and B are not the same unit, and no shards are equal")
    _print_tokens(console, difference.stages or (), difference.shares or (), limit)
    _print_shards(console, difference.shards or ())
    if difference.documents:
        _print_examples(console, difference.documents.transitions, limit)


def _print_settings(console: Console, settings: tuple[Setting, ...]) -> None:
    if not settings:
        _say(console, "\nsettings and versions: no difference")
        return
    table = _table("settings and versions", ("key", "A", "B"))
    for setting in settings:
        table.add_row(_plain(setting.key), _value(setting.a), _value(setting.b))
    console.print(table)


def _print_inputs(console: Console, inputs: tuple[SourceInput, ...], limit: int) -> None:
    if not inputs:
        _say(console, "\ninput: no difference")
        return
    counts = ("documents A", "documents B", "MB A", "MB B", "units equal", "changed", "only A", "only B")
    table = _table("input as it was read", ("source",), counts)
    for source in inputs:
        units = (source.equal, len(source.changed), len(source.only_a), len(source.only_b))
        documents = (f"{source.a.documents:,}", f"{source.b.documents:,}")
        sizes = (f"{source.a.bytes / 1e6:,.1f}", f"{source.b.bytes / 1e6:,.1f}")
        table.add_row(source.source, *documents, *sizes, *(f"{count:,}" for count in units))
    console.print(table)
    for source in inputs:
        for reason, (before, after) in source.dropped.items():
            if before != after:
                _say(console, f"{source.source}: {reason} before it became a document: {before:,} in A, {after:,} in B")
        for name, units_of in (("changed", source.changed), ("only in A", source.only_a), ("only in B", source.only_b)):
            for unit in units_of[:limit]:
                _say(console, f"{source.source}: {name}: {printable(unit)}")
            _say_more(console, len(units_of), limit)


def _print_documents(console: Console, documents: Documents) -> None:
    _say(
        console,
        f"\ndocuments: {documents.a:,} in A, {documents.b:,} in B; {documents.unchanged:,} the same in both; "
        f"{documents.lost:,} lost, {documents.added:,} added, {documents.other_content:,} with other content, "
        f"{documents.other_outcome:,} with another outcome"
        + (f"; {documents.renewed:,} in both under another revision" if documents.renewed else ""),
    )
    if not documents.transitions:
        return
    table = _table("what became of documents", ("source", "A", "B", "content"), ("documents",))
    for change in documents.transitions:
        content = "changed" if change.content_changed else "" if None in (change.before, change.after) else "same"
        table.add_row(
            change.source, *map(_plain, (_fate(change.before), _fate(change.after))), content, f"{change.documents:,}"
        )
    console.print(table)


def _print_examples(console: Console, transitions: tuple[Transition, ...], limit: int) -> None:
    for change in transitions:
        if change.examples:
            _say(console, f"\n{change.source}: {_happened(change)}")
            for name in change.examples:
                _say(console, f"  {name.removeprefix(change.source + ': ')}")
            _say_more(console, change.documents, limit)


def _print_tokens(console: Console, stages: tuple[StageTokens, ...], shares: tuple[Share, ...], limit: int) -> None:
    table = _table("train tokens", ("stage",), ("A", "B", "change"))
    for stage in stages:
        change = f"{stage.b / stage.a - 1:+.2%}" if stage.a else "-"
        table.add_row(stage.stage, f"{stage.a:,}", f"{stage.b:,}", change)
    console.print(table)
    moved = [share for share in shares if abs(share.points) >= LEAST_POINTS]
    if not moved:
        _say(console, "share of a stage's train tokens: no source and language differs by 0.01 points")
        return
    table = _table("share of the stage's train tokens", ("stage", "source", "language"), ("A", "B", "points"))
    for share in moved[:limit]:
        shares_shown = (f"{share.share_a:.2%}", f"{share.share_b:.2%}", f"{share.points:+.2f}")
        table.add_row(share.stage, share.source, share.language or "-", *shares_shown)
    console.print(table)
    _say_more(console, len(moved), limit)


def _print_shards(console: Console, shards: tuple[SplitShards, ...]) -> None:
    if not any(split.changed or split.only_a or split.only_b for split in shards):
        equal = sum(split.equal for split in shards)
        _say(console, f"shards: all {equal:,} are byte-equal, so what is trained on is the same")
        return
    table = _table("shards", ("stage", "split"), ("byte-equal", "changed", "only A", "only B"))
    for split in shards:
        counts = (split.equal, split.changed, split.only_a, split.only_b)
        table.add_row(split.stage, split.split, *(f"{count:,}" for count in counts))
    console.print(table)


def _table(title: str, names: tuple[str, ...], numbers: tuple[str, ...] = ()) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for name in names:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _happened(change: Transition) -> str:
    if change.before is None:
        return f"added, {change.after}"
    if change.after is None:
        return f"lost, was {change.before}"
    what = f"{change.before} -> {change.after}" if change.before != change.after else change.before
    return f"{what}, {'other' if change.content_changed else 'same'} content"


def _fate(fate: str | None) -> str:
    return "-" if fate is None else fate


def _value(value: Any) -> str:
    if value is None or value is True:
        return "-" if value is None else "yes"
    text = str(value)
    return _plain(text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "...")


def _plain(text: str) -> str:
    """Text for a cell: one line, and brackets in it are no markup."""
    return escape(printable(text))


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _say_more(console: Console, count: int, limit: int) -> None:
    if count > limit:
        _say(console, f"  ... and {count - limit:,} more")
