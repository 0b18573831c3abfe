"""Looks at each step's metrics one step late, while the device already works on the next one."""

from __future__ import annotations

from collections.abc import Callable

from schemas.errors import CheckFailed
from trainer.step import Metrics


class LateWatch:
    """Holds the newest step's metrics until the next step is on its way.

    Args:
        stage: its name, for the message.
        seen: called with each step's number, loss and gradient norm, in order.
    """

    def __init__(self, stage: str, seen: Callable[[int, float, float], None]) -> None:
        self._stage = stage
        self._seen = seen
        self._pending: tuple[int, Metrics] | None = None

    def dispatched(self, step: int, metrics: Metrics) -> None:
        """Take a step that was just handed to the device; look at the one before.

        Raises:
            CheckFailed: the one before had a loss or gradient that is not finite.
        """
        self.catch_up()
        self._pending = step, metrics

    def catch_up(self) -> None:
        """Wait for the newest step and look at it; raises as `dispatched`."""
        if self._pending is None:
            return
        (step, metrics), self._pending = self._pending, None
        loss, norm = float(metrics.loss), float(metrics.gradient_norm)
        if not bool(metrics.finite):
            raise CheckFailed(
                f"stage {self._stage} step {step}: loss {loss}, gradient norm {norm}: not finite, so the update was "
                f"not made",
                "lower the learning rate or lengthen the warm-up and train again from the last checkpoint",
            )
        self._seen(step, loss, norm)
