from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation.benchmark_file import BenchmarkFile
from evaluation.likelihood import Surprise
from evaluation.mtpb.perplexity import measure_multi_turn, measure_single_turn, perplexity
from evaluation.mtpb.problems import problems_of
from evaluation.mtpb.run import draw_programs
from evaluation.mtpb.turns import Mode
from evaluation.records import Records
from evaluation.sampling.settings import Settings
from tests.evaluation.own_problems import PROGRAMS, PlannedWriter, ignore

PROBLEMS = problems_of(BenchmarkFile("own", "0", PROGRAMS))


class ByLength:
    """A token for each character, each as surprising as the number of pieces before its own."""

    def surprises(self, texts: Sequence[Sequence[str]]) -> list[list[Surprise]]:
        return [[Surprise(number * len(piece), len(piece)) for number, piece in enumerate(text)] for text in texts]


def test_only_prompts_count_after_everything_before_them(tmp_path: Path) -> None:
    programs, into = Records(str(tmp_path / "p")), Records(str(tmp_path / "m"))
    writer = PlannedWriter(lambda prompt, sample: "x = 1")
    draw_programs(Mode.MULTI_TURN, PROBLEMS[:1], writer, Settings(), 2, programs, ignore)
    measure_multi_turn(PROBLEMS[:1], programs, ByLength(), into, ignore)
    first, second = len('# Set "x" to 1.\n'), len("# Print x plus 2.\n")
    assert into.read("1")[1] == {"case": 0, "sample": 1, "nats": first + 3 * second, "tokens": first + second}


def test_alone_prompts_follow_each_other(tmp_path: Path) -> None:
    into = Records(str(tmp_path))
    measure_single_turn(PROBLEMS, ByLength(), into, ignore)
    first, second = len('# Set "x" to 5.\n'), len("# Print x plus -5.\n")
    assert into.read("1")[1] == {"case": 1, "sample": 0, "nats": first + 2 * second, "tokens": first + second}


def test_the_mean_is_over_tokens() -> None:
    rows = [{"nats": 3.0, "tokens": 1}, {"nats": 1.0, "tokens": 3}]
    assert perplexity(rows) == pytest.approx(math.e)
    assert math.isnan(perplexity([]))
