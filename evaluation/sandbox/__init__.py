"""Where generated programs run: cut off from the machine, within limits, and ended with all that they start."""

from evaluation.sandbox.keeper.ending import Ending
from evaluation.sandbox.limits import Limits
from evaluation.sandbox.result import Result
from evaluation.sandbox.sandbox import Sandbox, run_program
from evaluation.sandbox.strength import sandbox_strength

__all__ = ["Ending", "Limits", "Result", "Sandbox", "run_program", "sandbox_strength"]
