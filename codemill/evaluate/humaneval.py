"""`codemill evaluate humaneval`: draw or take completions, run them, tell pass@k."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console

from codemill.evaluate.draws import Draws, Target, told
from evaluation.benchmark_file import BenchmarkFile, read_benchmark
from evaluation.humaneval import run
from evaluation.humaneval.problems import PUBLIC, Problem, given_completions, problems_of
from evaluation.pass_at_k import best_temperatures, scores
from evaluation.records import Records, begin
from evaluation.sandbox import Sandbox
from evaluation.writer import Writer
from storage.files import join, read_bytes, write_atomic

if TYPE_CHECKING:
    from codemill.evaluate.model import Model

GIVEN = "given"
"""Stands where a temperature would for completions that come from a file."""
Scores = dict[str, dict[int, float]]
"""pass@k by temperature, as it is written, and k."""


class Humaneval(NamedTuple):
    """What is evaluated on, and where that goes."""

    file: BenchmarkFile
    problems: Sequence[Problem]
    output: str
    workers: int | None


def evaluate_model(console: Console, target: Target, model: Model, draws: Draws) -> Scores:
    """Score a model; raises as `score_model`."""
    on = _open(console, target, model.default_output("humaneval"))
    return score_model(console, on, model.identity, draws, lambda: model.writer)


def evaluate_completions(console: Console, target: Target, completions: str) -> Scores:
    """Score the completions of a file in OpenAI's format.

    Raises:
        CodemillError: they are not of this benchmark, or the output holds another evaluation.
    """
    on = _open(console, target, f"{completions}.evaluation")
    content = read_bytes(completions)
    given = given_completions(completions, content, on.problems)
    begin(on.output, {"humaneval": on.file.sha256, "completions": hashlib.sha256(content).hexdigest()})
    kept = Records(join(on.output, GIVEN, "completions"))
    run.keep_completions(given, kept)
    found = {GIVEN: _score(console, on, kept, GIVEN)}
    _write_scores(console, on, found)
    return found


def score_model(
    console: Console, on: Humaneval, identity: Mapping[str, Any], draws: Draws, writer: Callable[[], Writer]
) -> Scores:
    """Draw completions at each temperature and score them; what is there already is not drawn or run again.

    Raises:
        CodemillError: the output holds an evaluation with other settings.
    """
    begin(on.output, {"humaneval": on.file.sha256, "model": dict(identity), **draws.described()})
    found: Scores = {}
    for temperature in draws.temperatures:
        label = f"{temperature:g}"
        completions = Records(join(on.output, f"temperature-{label}", "completions"))
        if not all(completions.has(problem.task_id) for problem in on.problems):
            with told(console, f"sample T={label}", len(on.problems)) as done:
                run.draw_completions(
                    on.problems, writer(), draws.settings(temperature), draws.samples, completions, done
                )
        found[label] = _score(console, on, completions, label)
    _write_scores(console, on, found)
    return found


def best(found: Scores) -> dict[int, tuple[str, float]]:
    """For each k the temperature of the highest score, and that score."""
    labels = {float(label): label for label in found if label != GIVEN}
    chosen = best_temperatures({temperature: found[label] for temperature, label in labels.items()})
    return {k: (labels[temperature], found[labels[temperature]][k]) for k, temperature in chosen.items()}


def _open(console: Console, target: Target, beside: str) -> Humaneval:
    file = read_benchmark(PUBLIC, target.data)
    problems = problems_of(file)
    console.print(f"{file.shown}: {len(problems)} problems", highlight=False, markup=False)
    return Humaneval(file, problems, target.output or beside, target.workers)


def _score(console: Console, on: Humaneval, completions: Records, label: str) -> dict[int, float]:
    place = label if label == GIVEN else f"temperature-{label}"
    results = Records(join(on.output, place, "results"))
    name = "run" if label == GIVEN else f"run T={label}"
    if not all(results.has(problem.task_id) for problem in on.problems):
        with told(console, name, len(on.problems)) as done, Sandbox(on.workers, run.LIMITS) as sandbox:
            run.run_completions(on.problems, completions, sandbox, results, done)
    return scores(run.counted(on.problems, results))


def _write_scores(console: Console, on: Humaneval, found: Scores) -> None:
    text = json.dumps({"benchmark": on.file.shown, "pass@k": found, "best": best(found)}, indent=2, sort_keys=True)
    write_atomic(join(on.output, "scores.json"), f"{text}\n".encode())
    console.print(f"records in {on.output}", highlight=False, markup=False)
