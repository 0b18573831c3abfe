"""A generated program with the harness around it: one source text for the sandbox, and what that reports back."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import NamedTuple, Protocol

from evaluation.inside import assertions, last_value, published_comparator, repaired_comparator, reporter
from evaluation.sandbox import Ending, Result


class Runner(Protocol):
    """What a Sandbox is to this file."""

    def run_many(self, programs: Iterable[str]) -> Iterator[Result]:
        """The results of programs, in their order."""


class Outcome(NamedTuple):
    """How a program ended."""

    verdicts: dict[str, bool]
    """What each check said; empty if the program did not come that far."""
    ending: Ending
    seconds: float
    error: str
    """The exception in one line, or nothing."""

    def passed(self, check: str) -> bool:
        """Whether that check holds."""
        return self.verdicts.get(check, False)


ASSERTS = "passed"
"""The one check of a program with asserts."""
PUBLISHED, REPAIRED, ENDED = "published", "repaired", "ended"
"""The checks of a program that prints a value: two comparators, and whether it came to its end."""


def with_asserts(program: str) -> str:
    """The source of a program that passes when it comes to its end."""
    call = f"run_asserts({program!r}, make_reporter({_marker(program)!r}), shown)"
    return "\n".join([_sources(reporter, assertions), call, ""])


def with_expected(program: str, expected: object) -> str:
    """The source of a program whose last printed value is compared with what is expected, read from JSON."""
    comparators = f"{{{PUBLISHED!r}: published, {REPAIRED!r}: repaired}}"
    call = f"run_last_value({program!r}, {expected!r}, {comparators}, make_reporter({_marker(program)!r}), shown)"
    return "\n".join([_sources(reporter, last_value, published_comparator, repaired_comparator), call, ""])


def outcomes(runner: Runner, programs: Iterable[tuple[str, str]]) -> Iterator[Outcome]:
    """Run (program, its source with the harness) pairs; their outcomes in the same order."""
    markers: list[str] = []

    def sources() -> Iterator[str]:
        for program, source in programs:
            markers.append(_marker(program))
            yield source

    for number, result in enumerate(runner.run_many(sources())):
        yield _outcome(result, markers[number])


def _outcome(result: Result, marker: str) -> Outcome:
    line = result.stdout.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii", "replace")
    if not line.startswith(marker + " "):
        # Its own status, 0 too, means nothing: it ended before the harness did.
        ending = Ending.FAILED if result.ending is Ending.FINISHED else result.ending
        said = result.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        return Outcome({}, ending, result.seconds, said or f"status {result.status} before its check")
    reported = ast.literal_eval(line.removeprefix(marker))
    error = reported.pop("error")
    return Outcome(reported, Ending.FAILED if error else Ending.FINISHED, result.seconds, error)


def _marker(program: str) -> str:
    """A word that the program cannot hold, and that is the same on every run: its own hash."""
    return hashlib.sha256(program.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@cache
def _sources(*modules: ModuleType) -> str:
    return "\n".join(inspect.getsource(module) for module in modules)
