"""What came of a program."""

from __future__ import annotations

from typing import NamedTuple

from evaluation.sandbox.keeper.ending import Ending as Ending


class Result(NamedTuple):
    """How a program ended, and what it wrote.

    `status` is the exit status, or minus the number of the signal that ended it; output is cut at the limit.
    """

    ending: Ending
    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
