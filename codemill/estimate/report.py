"""An estimate on one screen."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from codemill.estimate.measure import SERIAL
from codemill.estimate.model import Quantity, by_step
from codemill.estimate.prices import PRICES, SHUFFLE_PASSES, Bill, bill
from codemill.estimate.run import Estimate
from codemill.estimate.sizes import show_size

COLUMNS = (Quantity.CPU, Quantity.SHUFFLED, Quantity.WORK, Quantity.SNAPSHOT)


def print_estimate(console: Console, name: str, found: Estimate, workers: int) -> None:
    """Print what each source and pass comes to, and the price."""
    _print_sources(console, name, found)
    parts = {quantity: by_step(found.whole.values, quantity) for quantity in COLUMNS}
    sums = {quantity: sum(steps.values()) for quantity, steps in parts.items()}
    _print_passes(console, parts, sums)
    serial = sum(parts[Quantity.CPU].get(step, 0.0) for step in SERIAL)
    parallel = sums[Quantity.CPU] - serial
    work, snapshot = sums[Quantity.WORK], sums[Quantity.SNAPSHOT]
    say = _Lines(console)
    say(
        f"time with {workers} workers of one core each: {_hours(parallel / workers + serial)}, of which "
        f"{_hours(serial)} on one core; without starts, waits for the last worker, and network"
    )
    say(f"storage: {show_size(work + snapshot)} while it is built, {show_size(snapshot)} after; the input not counted")
    _print_bill(say, found, bill(parallel, sums[Quantity.SHUFFLED], work, snapshot))


class _Lines:
    """Plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _print_sources(console: Console, name: str, found: Estimate) -> None:
    sample = found.sample.amounts.text
    table = _table(f"{name}: a build's cost, from a sample of {show_size(sample)} of text", ["source"])
    for column in ("sample", "text", "documents", "kept text", "kept", "tokens"):
        table.add_column(column, justify="right")
    for source, part in found.sources.items():
        whole = part.whole
        table.add_row(
            source,
            show_size(part.sample.text),
            show_size(whole.text),
            _count(whole.documents),
            show_size(whole.kept),
            f"{whole.kept / whole.text:.1%}" if whole.text else "",
            _count(whole.tokens),
        )
    console.print(table)


def _print_passes(console: Console, parts: dict[Quantity, dict[str, float]], sums: dict[Quantity, float]) -> None:
    unit, seconds = ("core-hours", 3600.0) if sums[Quantity.CPU] >= 3600 else ("core-seconds", 1.0)
    table = _table("", ["pass"])
    for column in (unit, "shuffled", "work directory", "snapshot"):
        table.add_column(column, justify="right")
    steps = dict.fromkeys(step for quantity in COLUMNS for step in parts[quantity])
    for step in sorted(steps, key=lambda step: step in SERIAL):
        table.add_row(step, *_row({quantity: parts[quantity].get(step, 0.0) for quantity in COLUMNS}, seconds))
    table.add_row("total", *_row(sums, seconds))
    console.print(table)


def _print_bill(say: _Lines, found: Estimate, price: Bill) -> None:
    scans = sum(source.scan_dollars for source in found.sources.values())
    query = f" + BigQuery {_dollars(scans)}" if scans else ""
    say(
        f"price: {_dollars(price.computing + scans)} = CPU {_dollars(price.cpu)} + memory {_dollars(price.memory)} + "
        f"workers' disks {_dollars(price.disks)} + shuffle {_dollars(price.shuffle)}{query}"
    )
    say(
        f"storage a month: {_dollars(price.work_month)} with the work directory, {_dollars(price.snapshot_month)} for "
        "the snapshot alone"
    )
    listed = PRICES
    say(
        f"by Google's list of {listed.as_of}, {listed.region}: ${listed.core_hour} a vCPU-hour, "
        f"${listed.memory_hour} a GiB-hour of memory ({listed.memory_of_core:g} GiB a vCPU), "
        f"${listed.disk_hour:.6f} a GiB-hour of disk ({listed.disk_of_worker:g} GiB a worker), "
        f"${listed.shuffled} a GiB shuffled (processed {SHUFFLE_PASSES} times), "
        f"${listed.stored_month:.3f} a GiB-month stored"
    )


def _row(values: dict[Quantity, float], seconds: float) -> list[str]:
    cpu = values[Quantity.CPU] / seconds
    sizes = (show_size(values[quantity]) if values[quantity] else "-" for quantity in COLUMNS[1:])
    return [f"{cpu:,.2f}" if cpu < 10 else f"{cpu:,.1f}" if cpu < 100 else f"{cpu:,.0f}", *sizes]


def _table(title: str, names: list[str]) -> Table:
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for name in names:
        table.add_column(name)
    return table


def _count(value: float) -> str:
    for unit, factor in (("T", 1e12), ("B", 1e9), ("M", 1e6)):
        if value >= factor:
            return f"{value / factor:,.2f} {unit}"
    return f"{value:,.0f}"


def _hours(seconds: float) -> str:
    if seconds >= 172800:
        return f"{seconds / 86400:,.1f} days"
    if seconds >= 7200:
        return f"{seconds / 3600:,.1f} hours"
    return f"{seconds / 60:,.1f} minutes" if seconds >= 120 else f"{seconds:,.1f} seconds"


def _dollars(value: float) -> str:
    return f"${value:,.0f}" if value >= 1000 else f"${value:,.2f}"
