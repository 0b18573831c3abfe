"""Sources: where documents come from. `plan` cuts a source into units, `read` reads one."""

from pipelines.sources.elements import Element, FileRejected, RejectRow, Skipped
from pipelines.sources.registry import Planner, plan, read
from pipelines.sources.unit import InputFile, Unit

__all__ = ["Element", "FileRejected", "InputFile", "Planner", "RejectRow", "Skipped", "Unit", "plan", "read"]
