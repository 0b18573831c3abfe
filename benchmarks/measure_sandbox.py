"""What a sandbox adds to the time of a program, and how many programs pass through it in a second.

Programs are as short as HumanEval's: a function and its asserts. Beside each run in a sandbox stands one of Python
alone, on the same source, so that the difference says something on a busy machine too.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from evaluation.sandbox import Ending, Sandbox, run_program

PROBLEMS, SAMPLES = 164, 10


def program(number: int) -> str:
    """A short program with its checks."""
    return (
        "from typing import List\n\n\n"
        f"def closest(numbers: List[float], threshold: float = {number}) -> bool:\n"
        "    return any(abs(a - b) < threshold for i, a in enumerate(numbers) for b in numbers[:i])\n\n\n"
        "def check(candidate):\n"
        f"    assert candidate([1.0, {number + 1.5}]) is False\n"
        f"    assert candidate([1.0, {number + 0.5}, 2.0]) is True\n\n\n"
        "check(closest)\n"
    )


def milliseconds(run: Callable[[], object]) -> float:
    """Of one call."""
    begin = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begin)


def single(repeats: int) -> None:
    """The three ways to run one program, in turn."""
    source = program(2)
    python = [sys.executable, "-I", "-S", "-B", "-c", source]
    with Sandbox(workers=1) as sandbox:
        ways: dict[str, Callable[[], object]] = {
            "python -I -S -B": lambda: subprocess.run(python, env={}, check=True),
            "Sandbox.run": lambda: sandbox.run(source),
            "run_program": lambda: run_program(source),
        }
        for run in ways.values():
            run()
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(repeats):
            for name, run in ways.items():
                times[name].append(milliseconds(run))
    for name, taken in times.items():
        print(f"{name:16} median {statistics.median(taken):6.1f} ms, least {min(taken):6.1f} ms")


def many(workers: int, count: int) -> None:
    """Programs in a row."""
    with Sandbox(workers) as sandbox:
        begin = time.perf_counter()
        programs = (program(1 + number % PROBLEMS) for number in range(count))
        endings = [result.ending for result in sandbox.run_many(programs)]
        seconds = time.perf_counter() - begin
    assert set(endings) == {Ending.FINISHED}
    print(f"{workers} workers: {count} programs in {seconds:.1f} s, {count / seconds:.0f} a second")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--programs", type=int, default=PROBLEMS * SAMPLES)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    single(options.repeats)
    for workers in options.workers:
        many(workers, options.programs)


if __name__ == "__main__":
    main()
