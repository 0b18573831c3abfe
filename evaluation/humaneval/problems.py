"""HumanEval's problems, and completions in the format of OpenAI's samples.jsonl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from evaluation.benchmark_file import BenchmarkFile, PublicFile, field, parse_lines
from schemas.errors import CodemillError

PUBLIC = PublicFile(
    "HumanEval",
    "https://raw.githubusercontent.com/openai/human-eval/master/data/HumanEval.jsonl.gz",
    "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
)


class Problem(NamedTuple):
    """One function to complete."""

    task_id: str
    prompt: str
    """Up to the end of the docstring."""
    entry_point: str
    """The function's name."""
    test: str
    """Defines `check(candidate)`, which asserts."""

    def program(self, completion: str) -> str:
        """What is run for a completion: OpenAI's check program, text for text."""
        return f"{self.prompt}{completion}\n{self.test}\ncheck({self.entry_point})"


def problems_of(file: BenchmarkFile) -> list[Problem]:
    """The problems of a file, in its order.

    Raises:
        CodemillError: a field is missing, or an id comes twice.
    """
    problems = []
    for number, row in enumerate(file.rows, 1):
        values = [field(row, name, str, f"{file.shown}, problem {number}") for name in Problem._fields]
        problems.append(Problem(*values))
    ids = [problem.task_id for problem in problems]
    for task_id in ids:
        if ids.count(task_id) > 1:
            raise CodemillError(f"{file.shown}: {task_id} comes twice", "give each problem an id of its own")
    return problems


def given_completions(shown: str, content: bytes, problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Completions by task, in the order of the problems and, within one, of the file.

    Args:
        shown: the file's name.
        content: JSON lines with task_id and completion.
        problems: each of them must have one at least.

    Raises:
        CodemillError: a line is malformed, or names no problem, or a problem has no completion.
    """
    found: dict[str, list[str]] = {problem.task_id: [] for problem in problems}
    for number, row in enumerate(parse_lines(shown, content), 1):
        where = f"{shown}, completion {number}"
        task_id = field(row, "task_id", str, where)
        if task_id not in found:
            raise CodemillError(f"{where}: there is no problem {task_id!r}", "give --data the file that it belongs to")
        found[task_id].append(field(row, "completion", str, where))
    missing = [task_id for task_id, texts in found.items() if not texts]
    if missing:
        raise CodemillError(
            f"{shown}: has no completion of {len(missing)} problems, {missing[0]} first",
            "give one of every problem at least: a score is a mean over all",
        )
    return found
