"""An evaluation on MTPB: draw programs, run them, keep both, a problem at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from evaluation.harness import ENDED, PUBLISHED, REPAIRED, Runner, outcomes, with_expected
from evaluation.mtpb.problems import Problem
from evaluation.mtpb.turns import Mode, Written, write_programs
from evaluation.records import Records, Row
from evaluation.sampling.settings import Settings
from evaluation.sandbox import Limits
from evaluation.writer import Writer
from schemas.errors import CodemillError

LIMITS = Limits(seconds=20.0, cpu_seconds=20.0)
"""The seconds are those of the published script."""
Told = Callable[[int], None]
"""Is told, after each problem, how many of them are done."""


def draw_programs(
    mode: Mode,
    problems: Sequence[Problem],
    writer: Writer,
    settings: Settings,
    samples: int,
    into: Records,
    told: Told,
) -> None:
    """Draw what is not there yet; arguments as in `write_programs`.

    Rows have the names of the published script's files, so that it can run them too, and `case` and `sample` beside.
    """
    for number, problem in enumerate(problems, 1):
        if not into.has(problem.id):
            into.write(
                problem.id, [_row(problem, one) for one in write_programs(mode, problem, writer, settings, samples)]
            )
        told(number)


def keep_programs(shown: str, rows: Sequence[Row], problems: Sequence[Problem], into: Records) -> None:
    """Programs that were given, in the published script's format: id, input, completions.

    Raises:
        CodemillError: a row is of no case, or a case has no row.
    """
    found: dict[str, list[list[Row]]] = {problem.id: [[] for _ in problem.cases] for problem in problems}
    inputs = {problem.id: [case.input for case in problem.cases] for problem in problems}
    for number, row in enumerate(rows, 1):
        name = str(row.get("id"))
        known = name in found and row.get("input") in inputs[name]
        if not known or not isinstance(row.get("completions"), str):
            raise CodemillError(
                f"{shown}, program {number}: is of no case of the problems", "give {id, input, completions} rows"
            )
        # Equal inputs are one case to whoever wrote the file; each of them gets its share, in turn.
        equal = [case for case, value in enumerate(inputs[name]) if value == row["input"]]
        case = min(equal, key=lambda case: len(found[name][case]))
        found[name][case].append({**row, "case": case, "sample": len(found[name][case])})
    for name, cases in found.items():
        if not all(cases):
            raise CodemillError(
                f"{shown}: has no program of a case of problem {name}", "give one of every case at least"
            )
        if not into.has(name):
            into.write(name, [row for case in cases for row in case])


def run_programs(problems: Sequence[Problem], programs: Records, runner: Runner, into: Records, told: Told) -> None:
    """Run what has not been run yet, with what both comparators say; arguments as in `humaneval.run`."""
    left = [problem for problem in problems if not into.has(problem.id)]
    done = len(problems) - len(left)
    told(done)
    running: list[Row] = []

    def sources() -> Iterator[tuple[str, str]]:
        for problem in left:
            for row in programs.read(problem.id):
                running.append(row)
                program = row["completions"]
                yield program, with_expected(program, problem.cases[row["case"]].expected)

    numbered = enumerate(outcomes(runner, sources()))
    for name, group in groupby(numbered, key=lambda pair: running[pair[0]]["id"]):
        rows = [
            {
                "id": name,
                "case": running[number]["case"],
                "sample": running[number]["sample"],
                PUBLISHED: outcome.passed(PUBLISHED),
                REPAIRED: outcome.passed(REPAIRED) and outcome.passed(ENDED),
                "ending": outcome.ending.value,
                "seconds": round(outcome.seconds, 3),
                "error": outcome.error,
            }
            for number, outcome in group
        ]
        into.write(name, rows)
        done += 1
        told(done)


def _row(problem: Problem, one: Written) -> Row:
    case = problem.cases[one.case]
    return {
        "id": problem.id,
        "case": one.case,
        "sample": one.sample,
        "input": case.input,
        "gold_output": case.expected,
        "completions": one.program,
        "prompts_completions": one.pieces,
    }
