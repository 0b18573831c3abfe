from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from evaluation.benchmark_file import BenchmarkFile
from evaluation.humaneval.problems import problems_of
from evaluation.humaneval.run import LIMITS, counted, draw_completions, keep_completions, run_completions
from evaluation.pass_at_k import Counts
from evaluation.records import Records
from evaluation.sampling.settings import Settings
from evaluation.sandbox import Result, Sandbox
from tests.evaluation.own_problems import FUNCTIONS, PlannedWriter, ignore
from tests.evaluation.sandbox.machine import need_a_sandbox

need_a_sandbox()

PROBLEMS = problems_of(BenchmarkFile("own", "0", FUNCTIONS))
RIGHT = {problem["prompt"]: problem["canonical_solution"] for problem in FUNCTIONS}
SETTINGS = Settings(tokens=64, temperature=0.6, seed=7)


def half_right(prompt: str, sample: int) -> str:
    return RIGHT[prompt] + "\nprint('cut off')" if sample % 2 == 0 else "    return None\n"


class Counting:
    """A sandbox that counts its programs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.programs = 0

    def run_many(self, programs: Iterable[str]) -> Iterator[Result]:
        for result in self._sandbox.run_many(programs):
            self.programs += 1
            yield result


def test_drawn_completions_are_run_and_counted(tmp_path: Path) -> None:
    completions, results = Records(str(tmp_path / "c")), Records(str(tmp_path / "r"))
    told: list[int] = []
    writer = PlannedWriter(half_right)
    draw_completions(PROBLEMS, writer, SETTINGS, 4, completions, told.append)
    assert told == [3]
    with Sandbox(2, LIMITS) as sandbox:
        run_completions(PROBLEMS, completions, sandbox, results, ignore)
    assert counted(PROBLEMS, results) == [Counts(4, 2)] * 3
    rows = results.read("own/0")
    assert rows[0].pop("seconds") >= 0
    assert rows[0] == {
        "task_id": "own/0",
        "sample": 0,
        "completion": FUNCTIONS[0]["canonical_solution"].rstrip("\n") + "\n",
        "passed": True,
        "ending": "finished",
        "error": "",
    }
    assert (rows[1]["ending"], rows[1]["error"]) == ("failed", "AssertionError")


def test_seeds_differ_between_problems_and_temperatures(tmp_path: Path) -> None:
    writer = PlannedWriter(half_right)
    for name, temperature in (("a", 0.2), ("b", 0.6)):
        own = Settings(tokens=64, temperature=temperature, seed=7)
        draw_completions(PROBLEMS, writer, own, 16, Records(str(tmp_path / name)), ignore)
    assert len({settings.seed for _, settings, _ in writer.asked}) == 6


def test_a_rerun_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    completions, results = Records(str(tmp_path / "c")), Records(str(tmp_path / "r"))

    def stopped(prompt: str, sample: int) -> str:
        if "spell" in prompt:
            raise KeyboardInterrupt
        return half_right(prompt, sample)

    with pytest.raises(KeyboardInterrupt):
        draw_completions(PROBLEMS, PlannedWriter(stopped), SETTINGS, 10, completions, ignore)
    again = PlannedWriter(half_right)
    draw_completions(PROBLEMS, again, SETTINGS, 10, completions, ignore)
    assert [prompts for prompts, _, _ in again.asked] == [[PROBLEMS[2].prompt]]
    with Sandbox(2, LIMITS) as sandbox:
        runner = Counting(sandbox)
        run_completions(PROBLEMS[:2], completions, runner, results, ignore)
        run_completions(PROBLEMS, completions, runner, results, ignore)
    assert runner.programs == 30
    assert counted(PROBLEMS, results) == [Counts(10, 5)] * 3


def test_of_few_samples_several_problems_are_drawn_together(tmp_path: Path) -> None:
    one, all_at_once = PlannedWriter(half_right), PlannedWriter(half_right)
    draw_completions(PROBLEMS, one, SETTINGS, 9, Records(str(tmp_path / "9")), ignore)
    draw_completions(PROBLEMS, all_at_once, SETTINGS, 8, Records(str(tmp_path / "8")), ignore)
    assert [len(prompts) for prompts, _, _ in one.asked] == [1, 1, 1]
    assert [len(prompts) for prompts, _, _ in all_at_once.asked] == [2, 1]


def test_a_prompt_gets_the_room_that_is_left(tmp_path: Path) -> None:
    completions = Records(str(tmp_path))
    rooms = {problem.prompt: room for problem, room in zip(PROBLEMS, (0, 10, 100), strict=True)}
    writer = PlannedWriter(half_right, rooms.__getitem__)
    draw_completions(PROBLEMS, writer, SETTINGS, 2, completions, ignore)
    assert [settings.tokens for _, settings, _ in writer.asked] == [10, 64]
    assert completions.read("own/0") == [{"task_id": "own/0", "completion": ""}] * 2


def test_canonical_solutions_all_pass_and_wrong_ones_never(tmp_path: Path) -> None:
    for name, passed in (("right", 1), ("wrong", 0)):
        texts = {row["task_id"]: [row["canonical_solution"] if passed else "    pass\n"] for row in FUNCTIONS}
        completions, results = Records(str(tmp_path / name / "c")), Records(str(tmp_path / name / "r"))
        keep_completions(texts, completions)
        with Sandbox(2, LIMITS) as sandbox:
            run_completions(PROBLEMS, completions, sandbox, results, ignore)
        assert counted(PROBLEMS, results) == [Counts(1, passed)] * 3
