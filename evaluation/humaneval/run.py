"""An evaluation on HumanEval: draw completions, run them, keep both, a problem at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from evaluation.harness import ASSERTS, Runner, outcomes, with_asserts
from evaluation.humaneval.problems import Problem
from evaluation.pass_at_k import Counts
from evaluation.records import Records
from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import FUNCTION
from evaluation.sandbox import Limits
from evaluation.writer import Writer, seed_of

LIMITS = Limits(seconds=3.0, cpu_seconds=3.0)
"""The seconds are those of OpenAI's harness."""
_TOGETHER = 16
"""Completions that are drawn together, if one problem has fewer; their draws depend on the group, which is fixed."""
Told = Callable[[int], None]
"""Is told, after each problem, how many of them are done."""


def draw_completions(
    problems: Sequence[Problem], writer: Writer, settings: Settings, samples: int, into: Records, told: Told
) -> None:
    """Draw what is not there yet.

    Args:
        problems: in order.
        writer: continues prompts.
        settings: how.
        samples: of each problem; of few, those of several problems are drawn together.
        into: gets {task_id, completion} rows. Where a prompt leaves less room in the model's context, they are shorter.
        told: of the progress.
    """
    step = max(1, _TOGETHER // samples)
    for first in range(0, len(problems), step):
        group = problems[first : first + step]
        if not all(into.has(problem.task_id) for problem in group):
            for problem, texts in zip(group, _draw(group, writer, settings, samples), strict=True):
                into.write(problem.task_id, [{"task_id": problem.task_id, "completion": text} for text in texts])
        told(first + len(group))


def _draw(group: Sequence[Problem], writer: Writer, settings: Settings, samples: int) -> list[list[str]]:
    """Completions of each problem; of prompts that leave no room, empty ones."""
    room = [min(settings.tokens, writer.room(problem.prompt)) for problem in group]
    texts = [[""] * samples for _ in group]
    for tokens in sorted({tokens for tokens in room if tokens > 0}):
        chosen = [i for i, own in enumerate(room) if own == tokens]
        seed = seed_of(settings.seed, group[chosen[0]].task_id, settings.temperature)
        own = replace(settings, tokens=tokens, seed=seed)
        drawn = writer.write([group[i].prompt for i in chosen], own, samples, FUNCTION)
        for i, found in zip(chosen, drawn, strict=True):
            texts[i] = found
    return texts


def keep_completions(completions: Mapping[str, Sequence[str]], into: Records) -> None:
    """The same rows of completions that were given."""
    for task_id, texts in completions.items():
        if not into.has(task_id):
            into.write(task_id, [{"task_id": task_id, "completion": text} for text in texts])


def run_completions(
    problems: Sequence[Problem], completions: Records, runner: Runner, into: Records, told: Told
) -> None:
    """Run what has not been run yet, programs of several problems side by side.

    Args:
        problems: in order.
        completions: of `draw_completions`.
        runner: a sandbox.
        into: gets a row for each completion.
        told: of the progress.
    """
    left = [problem for problem in problems if not into.has(problem.task_id)]
    done = len(problems) - len(left)
    told(done)

    texts: list[tuple[str, str]] = []
    """What is running: (task, completion)."""

    def programs() -> Iterator[tuple[str, str]]:
        for problem in left:
            for row in completions.read(problem.task_id):
                texts.append((problem.task_id, row["completion"]))
                program = problem.program(row["completion"])
                yield program, with_asserts(program)

    numbered = enumerate(outcomes(runner, programs()))
    for task_id, group in groupby(numbered, key=lambda pair: texts[pair[0]][0]):
        rows = [
            {
                "task_id": task_id,
                "sample": sample,
                "completion": texts[number][1],
                "passed": outcome.passed(ASSERTS),
                "ending": outcome.ending.value,
                "seconds": round(outcome.seconds, 3),
                "error": outcome.error,
            }
            for sample, (number, outcome) in enumerate(group)
        ]
        into.write(task_id, rows)
        done += 1
        told(done)


def counted(problems: Sequence[Problem], results: Records) -> list[Counts]:
    """How many samples of each problem passed."""
    rows = [results.read(problem.task_id) for problem in problems]
    return [Counts(len(found), sum(row["passed"] for row in found)) for found in rows]
