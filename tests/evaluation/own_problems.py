"""Small problems of our own in the formats of both benchmarks, and a writer of planned texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import Stops

FUNCTIONS = [
    {
        "task_id": f"own/{number}",
        "prompt": f'def {name}(x):\n    """{words}"""\n',
        "entry_point": name,
        "canonical_solution": f"    return {right}\n",
        "test": f"def check(candidate):\n    assert candidate(3) == {value}\n",
    }
    for number, (name, words, right, value) in enumerate(
        [
            ("double", "Twice x.", "2 * x", 6),
            ("square", "x times x.", "x * x", 9),
            ("spell", "x in digits.", "str(x)", "'3'"),
        ]
    )
]

PROGRAMS: list[dict[str, Any]] = [
    {
        "id": "1",
        "name": "add",
        "category": "math",
        "prompts": ['Set "x" to {a}.', "Print x plus {b}."],
        "inputs": [{"a": 1, "b": 2}, {"a": 5, "b": -5}],
        "outputs": [3, 0],
        "max_gen_length": 20,
    },
    {
        "id": "2",
        "name": "say",
        "category": "string",
        "prompts": ["Print the text {word}."],
        "inputs": [{"word": "one"}, {"word": "two"}],
        "outputs": ["one", "two", "left over"],
    },
]


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


class PlannedWriter:
    """Writes what a function of (prompt, sample) says, and keeps what it was asked."""

    def __init__(self, text: Callable[[str, int], str], room: Callable[[str], int] = lambda prompt: 1000) -> None:
        self._text = text
        self.room = room
        self.asked: list[tuple[list[str], Settings, int]] = []

    def write(self, prompts: Sequence[str], settings: Settings, samples: int, stops: Stops) -> list[list[str]]:
        self.asked.append((list(prompts), settings, samples))
        assert all(self.room(prompt) >= settings.tokens for prompt in prompts)
        return [[stops.cut(self._text(prompt, sample)) for sample in range(samples)] for prompt in prompts]


def ignore(done: int) -> None:
    """Progress that nobody looks at."""
