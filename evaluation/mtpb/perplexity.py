"""How surprising the prompts are to the model: after its own outputs, or after the prompts alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from evaluation.conversation import PREFIX, comment
from evaluation.mtpb.problems import Problem
from evaluation.records import Records, Row

if TYPE_CHECKING:  # which needs JAX
    from evaluation.likelihood import Likelihood, Surprise

Told = Callable[[int], None]


def measure_multi_turn(
    problems: Sequence[Problem], programs: Records, likelihood: Likelihood, into: Records, told: Told
) -> None:
    """The prompts of each program that was drawn turn by turn, each after all that stands before it there."""
    for number, problem in enumerate(problems, 1):
        if not into.has(problem.id):
            rows = programs.read(problem.id)
            found = likelihood.surprises([row["prompts_completions"] for row in rows])
            # After the prefix, prompts and outputs take turns.
            kept = [_row(pieces[1::2], row["case"], row["sample"]) for row, pieces in zip(rows, found, strict=True)]
            into.write(problem.id, kept)
        told(number)


def measure_single_turn(problems: Sequence[Problem], likelihood: Likelihood, into: Records, told: Told) -> None:
    """The prompts of each case, one after the other."""
    for number, problem in enumerate(problems, 1):
        if not into.has(problem.id):
            texts = [[PREFIX, *map(comment, problem.turns(case))] for case in problem.cases]
            found = likelihood.surprises(texts)
            into.write(problem.id, [_row(pieces[1:], case, 0) for case, pieces in enumerate(found)])
        told(number)


def perplexity(rows: Iterable[Row]) -> float:
    """The exponential of the mean of nats over all tokens of the rows' prompts; NaN if there are none."""
    nats, tokens = 0.0, 0
    for row in rows:
        nats, tokens = nats + row["nats"], tokens + row["tokens"]
    return math.exp(nats / tokens) if tokens else math.nan


def _row(prompts: Sequence[Surprise], case: int, sample: int) -> Row:
    return {
        "case": case,
        "sample": sample,
        "nats": sum(prompt.nats for prompt in prompts),
        "tokens": sum(prompt.tokens for prompt in prompts),
    }
