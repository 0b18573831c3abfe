"""Checks that neither raise nor hang: what goes wrong in one is a finding too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from codemill.doctor.finding import Finding, broken
from schemas.errors import CodemillError
from storage.errors import StorageError

Check = Callable[[], Iterable[Finding]]
Answer = TypeVar("Answer")


def guarded(name: str, check: Check) -> Iterator[Finding]:
    """A check's findings; an exception that comes out of it becomes one."""
    try:
        yield from check()
    except CodemillError as error:
        yield broken(name, error.message, error.remedy)
    except StorageError as error:
        what, _, remedy = str(error).rpartition("; ")
        yield broken(name, what or remedy, remedy)
    except Exception as error:
        words = (str(error).splitlines() or [""])[0][:200]
        yield broken(name, f"the check itself failed: {type(error).__name__}: {words}", "report this as a fault")


def within(seconds: float, function: Callable[[], Answer]) -> Answer:
    """What a function gives, if it gives it soon; what hangs is left behind in its thread.

    Raises:
        TimeoutError: it did not end in time. What it raises itself passes through.
    """
    answers: list[Answer] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(function())
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not answers:
        raise TimeoutError(f"no answer in {seconds:g} s")
    return answers[0]
