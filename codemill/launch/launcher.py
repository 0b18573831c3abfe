"""What every launcher offers."""

from __future__ import annotations

from typing import Protocol


class Launcher(Protocol):
    """Starts `codemill train` somewhere, as often as the place has hosts."""

    def launch(self, plan: str, run: str, *, wait: bool = False) -> int:
        """Start a run, or let it go on.

        Args:
            plan: YAML file of the plan, where the processes can read it.
            run: the run's directory, which all processes share.
            wait: begin each stage when its snapshots are published.

        Returns:
            Exit status: 0 if all is well so far.
        """
        ...
