"""At which step all processes save or stop, although a signal reaches one of them and clocks differ.

Process 0 decides and leaves a note for a step that no process can have reached yet. Each process reads the note of
each step. A step needs all processes, and none goes on before the step before is done: when process 0 has dispatched
step s and not s + 1, the others have asked for the notes of steps up to s + 1 at most. So a note for step s + 2 is
seen by all.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import jax

from trainer.processes.group import tell, told

LEAD = 2
"""Steps between a decision and what it decides, with several processes."""
ASK_SECONDS = 0.2
"""Between two questions to process 0 while there is no step to take."""
_STOP, _SAVE = "stop", "save"


class Agreement:
    """What all processes of a run do after each step.

    Args:
        stop_asked: whether this process was asked to stop; once yes, always yes.
        save_due: whether it is time for a checkpoint; only process 0's answer counts.
    """

    def __init__(self, stop_asked: Callable[[], bool], save_due: Callable[[], bool]) -> None:
        self._stop_asked = stop_asked
        self._save_due = save_due
        self._asked = False
        self._planned: tuple[int, str] | None = None
        self._now: str | None = None

    def reached(self, step: int) -> None:
        """Take up what was decided for this step; to be called by all processes after each step, counted over all."""
        if jax.process_count() == 1:
            self._now = self._wish()
            return
        if jax.process_index() > 0:
            if self._stop_asked() and not self._asked:
                tell("stop asked", "yes")
                self._asked = True
            self._now = told(f"decision/{step}")
            return
        self._now = None
        if self._planned is not None and self._planned[0] <= step:
            if self._planned[0] == step:
                self._now = self._planned[1]
            self._planned = None
        # A stop overrides a planned save, but takes a step of its own: that of the save may have been read already.
        if self._planned is None and self._now != _STOP:
            wish = _STOP if self._anyone_asked() else self._wish()
            if wish is not None:
                self._planned = step + LEAD, wish
                tell(f"decision/{step + LEAD}", wish)

    @property
    def stops(self) -> bool:
        """All stop after this step."""
        return self._now == _STOP

    @property
    def saves(self) -> bool:
        """All save after this step, because it was long since the last time."""
        return self._now == _SAVE

    def wait_for(self, name: str, look: Callable[[], bool], seconds: float) -> bool:
        """Wait, between two steps, until `look` says yes in process 0.

        Args:
            name: of what is waited for, different each time.
            look: asked in process 0 only.
            seconds: between two looks of process 0.

        Returns:
            False if the run was asked to stop before.
        """
        while True:
            if jax.process_index() > 0:
                if self._stop_asked():
                    tell("stop asked", "yes")
                answer = told(f"waited/{name}")
            else:
                answer = _STOP if self._anyone_asked() else "go" if look() else None
                if answer is not None:
                    tell(f"waited/{name}", answer)
            if answer is not None:
                return answer != _STOP
            time.sleep(seconds if jax.process_index() == 0 else min(seconds, ASK_SECONDS))

    def _wish(self) -> str | None:
        if self._stop_asked():
            return _STOP
        return _SAVE if self._save_due() else None

    def _anyone_asked(self) -> bool:
        self._asked = self._asked or self._stop_asked() or told("stop asked") is not None
        return self._asked
