"""`codemill evaluate mtpb`: draw or take programs, run them, tell pass rates and the prompts' perplexity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console

from codemill.evaluate.draws import Draws, Target, told
from evaluation.benchmark_file import BenchmarkFile, parse_lines, read_benchmark
from evaluation.harness import PUBLISHED, REPAIRED
from evaluation.mtpb import run
from evaluation.mtpb.perplexity import measure_multi_turn, measure_single_turn, perplexity
from evaluation.mtpb.problems import PUBLIC, Problem, problems_of
from evaluation.mtpb.rates import Rate, rate
from evaluation.mtpb.turns import Mode
from evaluation.records import Records, Row, begin
from evaluation.sandbox import Sandbox
from evaluation.writer import Writer
from storage.files import join, read_bytes, write_atomic

if TYPE_CHECKING:
    from codemill.evaluate.model import Model
    from evaluation.likelihood import Likelihood

GIVEN = "given"


class Mtpb(NamedTuple):
    """What is evaluated on, and where that goes."""

    file: BenchmarkFile
    problems: Sequence[Problem]
    output: str
    workers: int | None
    comparator: str
    """The one whose verdicts are told; both are kept."""


class Found(NamedTuple):
    """What came of one temperature."""

    rates: dict[str, Rate]
    """By problem."""
    perplexities: dict[str, float]
    """Of the prompts; by mode, and for programs that passed and failed."""


class Asked(NamedTuple):
    """A model, as it is asked."""

    mode: Mode
    identity: Mapping[str, Any]
    writer: Callable[[], Writer]
    likelihood: Callable[[], Likelihood]


def evaluate_model(
    console: Console, target: Target, model: Model, draws: Draws, mode: Mode, *, fixed: bool
) -> tuple[Sequence[Problem], dict[str, Found]]:
    """Score a model; `fixed` tells the verdicts of the repaired comparator. Raises as `score_model`."""
    beside = model.default_output("mtpb" if mode is Mode.MULTI_TURN else "mtpb-single-turn")
    on = _open(console, target, beside, fixed)
    asked = Asked(mode, model.identity, lambda: model.writer, lambda: model.likelihood)
    return on.problems, score_model(console, on, asked, draws)


def evaluate_programs(
    console: Console, target: Target, programs: str, *, fixed: bool
) -> tuple[Sequence[Problem], dict[str, Found]]:
    """Score the programs of a file in the published script's format.

    Raises:
        CodemillError: they are not of this benchmark, or the output holds another evaluation.
    """
    on = _open(console, target, f"{programs}.evaluation", fixed)
    content = read_bytes(programs)
    begin(on.output, {"mtpb": on.file.sha256, "completions": hashlib.sha256(content).hexdigest()})
    place = join(on.output, GIVEN)
    kept = Records(join(place, "programs"))
    run.keep_programs(programs, parse_lines(programs, content), on.problems, kept)
    found = {GIVEN: Found(_rates(on, _run(console, on, kept, place, "run")), {})}
    _write_scores(console, on, found)
    return on.problems, found


def score_model(console: Console, on: Mtpb, asked: Asked, draws: Draws) -> dict[str, Found]:
    """Draw programs at each temperature and score them; by temperature, as it is written.

    Raises:
        CodemillError: the output holds an evaluation with other settings.
    """
    begin(
        on.output,
        {"mtpb": on.file.sha256, "model": dict(asked.identity), "mode": asked.mode.value, **draws.described()},
    )
    alone = Records(join(on.output, "perplexity-single-turn"))
    if not _complete(on, alone):
        with told(console, "read prompts", len(on.problems)) as done:
            measure_single_turn(on.problems, asked.likelihood(), alone, done)
    found: dict[str, Found] = {}
    for temperature in draws.temperatures:
        label = f"{temperature:g}"
        place = join(on.output, f"temperature-{label}")
        programs = Records(join(place, "programs"))
        if not _complete(on, programs):
            with told(console, f"sample T={label}", len(on.problems)) as done:
                settings = draws.settings(temperature)
                run.draw_programs(asked.mode, on.problems, asked.writer(), settings, draws.samples, programs, done)
        results = _run(console, on, programs, place, f"run T={label}")
        perplexities = {Mode.SINGLE_TURN.value: perplexity(_rows(on, alone))}
        if asked.mode is Mode.MULTI_TURN:
            between = Records(join(place, "perplexity"))
            if not _complete(on, between):
                with told(console, f"read T={label}", len(on.problems)) as done:
                    measure_multi_turn(on.problems, programs, asked.likelihood(), between, done)
            perplexities |= _by_outcome(on, _rows(on, between), _rows(on, results))
        found[label] = Found(_rates(on, results), perplexities)
    _write_scores(console, on, found)
    return found


def total(rates: Mapping[str, Rate]) -> Rate:
    """The rate over all problems' programs."""
    return Rate(sum(one.passed for one in rates.values()), sum(one.programs for one in rates.values()))


def _open(console: Console, target: Target, beside: str, fixed: bool) -> Mtpb:
    file = read_benchmark(PUBLIC, target.data)
    problems = problems_of(file)
    console.print(f"{file.shown}: {len(problems)} problems", highlight=False, markup=False)
    return Mtpb(file, problems, target.output or beside, target.workers, REPAIRED if fixed else PUBLISHED)


def _run(console: Console, on: Mtpb, programs: Records, place: str, name: str) -> Records:
    results = Records(join(place, "results"))
    if not _complete(on, results):
        with told(console, name, len(on.problems)) as done, Sandbox(on.workers, run.LIMITS) as sandbox:
            run.run_programs(on.problems, programs, sandbox, results, done)
    return results


def _by_outcome(on: Mtpb, measured: Sequence[Row], results: Sequence[Row]) -> dict[str, float]:
    """Multi-turn perplexity: of all prompts, of those of programs that passed, of the others'. Rows go in step."""
    passed = [row[on.comparator] for row in results]
    groups = {True: "multi-turn, passed", False: "multi-turn, failed"}
    return {Mode.MULTI_TURN.value: perplexity(measured)} | {
        name: perplexity(row for row, verdict in zip(measured, passed, strict=True) if verdict is wanted)
        for wanted, name in groups.items()
        if wanted in passed
    }


def _rates(on: Mtpb, results: Records) -> dict[str, Rate]:
    return {problem.id: rate(results.read(problem.id), on.comparator) for problem in on.problems}


def _complete(on: Mtpb, records: Records) -> bool:
    return all(records.has(problem.id) for problem in on.problems)


def _rows(on: Mtpb, records: Records) -> list[Row]:
    return [row for problem in on.problems for row in records.read(problem.id)]


def _write_scores(console: Console, on: Mtpb, found: Mapping[str, Found]) -> None:
    value = {
        "benchmark": on.file.shown,
        "comparator": on.comparator,
        "temperatures": {
            label: {
                "pass rate": total(one.rates).share,
                "by problem": {name: own.share for name, own in one.rates.items()},
                "prompt perplexity": one.perplexities,
            }
            for label, one in found.items()
        },
    }
    write_atomic(join(on.output, f"scores-{on.comparator}.json"), f"{json.dumps(value, indent=2)}\n".encode())
    console.print(f"records in {on.output}", highlight=False, markup=False)
