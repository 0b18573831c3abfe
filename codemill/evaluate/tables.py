"""Scores on a screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table

from codemill.evaluate.humaneval import Scores, best
from codemill.evaluate.mtpb import Found, total
from evaluation.mtpb.problems import Problem
from evaluation.mtpb.rates import Difficulty, difficulties, grouped


def percent(share: float) -> str:
    """As the papers print it."""
    return f"{100 * share:.2f}"


def print_humaneval(console: Console, found: Scores) -> None:
    """pass@k in per cent by temperature, and each k's best."""
    ks = sorted({k for one in found.values() for k in one})
    table = _table("pass@k, %", ["temperature"], [f"pass@{k}" for k in ks])
    for label, one in found.items():
        table.add_row(label, *(percent(one[k]) for k in ks))
    chosen = best(found)
    if len(found) > 1:
        table.add_row("best", *(f"{percent(chosen[k][1])} (T={chosen[k][0]})" for k in ks))
    console.print(table)


def print_mtpb(console: Console, problems: Iterable[Problem], found: Mapping[str, Found]) -> None:
    """Pass rates in per cent by temperature: of all, by difficulty, by category; and the prompts' perplexity."""
    categories = {problem.id: problem.category for problem in problems}
    hardness = difficulties([one.rates for one in found.values()])
    table = _table("pass rate, %", ["group", "problems"], [f"T={label}" for label in found])
    table.add_row("all", str(len(categories)), *(percent(total(one.rates).share) for one in found.values()))
    order = {group: i for i, group in enumerate(Difficulty)}
    for groups in (dict(sorted(hardness.items(), key=lambda item: order[item[1]])), categories):
        by_label = [grouped(one.rates, groups) for one in found.values()]
        for name, (count, _) in by_label[0].items():
            table.add_row(name, str(count), *(percent(group[name][1].share) for group in by_label))
    console.print(table)
    measured = {name for one in found.values() for name in one.perplexities}
    if measured:
        table = _table("perplexity of the prompts", [""], [f"T={label}" for label in found])
        for name in sorted(measured):
            values = (one.perplexities.get(name) for one in found.values())
            table.add_row(name, *("" if value is None else f"{value:.2f}" for value in values))
        console.print(table)


def print_stages(console: Console, rows: Mapping[str, Mapping[str, float]], curves: Mapping[str, str]) -> None:
    """Scores by stage, side by side, each with its curve over the stages."""
    stages = list(next(iter(rows.values()), {}))
    table = _table("score, %", ["score"], stages)
    table.add_column("")
    for name, by_stage in rows.items():
        table.add_row(name, *(percent(share) for share in by_stage.values()), curves[name])
    console.print(table)


def _table(title: str, left: list[str], right: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table
