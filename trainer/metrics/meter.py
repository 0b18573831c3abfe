"""Figures of an interval of steps: mean loss, speed, and the share of time spent waiting for data."""

from __future__ import annotations

import time


class Meter:
    """Adds up steps until they are logged."""

    def __init__(self, tokens_per_step: int, flops_per_token: int, peak_flops: float | None) -> None:
        self._tokens_per_step = tokens_per_step
        self._flops_per_token = flops_per_token
        self._peak_flops = peak_flops
        self._losses: list[float] = []
        self.restart_clock()

    def restart_clock(self) -> None:
        """Leave out the time until now: compilation, evaluation, saving."""
        self._since = time.perf_counter()
        self._steps = 0
        self._waited = 0.0

    def waited(self, seconds: float) -> None:
        """Count time in which the loop had no batch to go on with."""
        self._waited += seconds

    def finished(self, loss: float) -> None:
        """Count a step whose loss has come back from the device."""
        self._losses.append(loss)
        self._steps += 1

    def take(self) -> dict[str, float | None]:
        """The interval's figures; a new interval begins."""
        seconds = max(time.perf_counter() - self._since, 1e-9)
        speed = self._steps * self._tokens_per_step / seconds
        figures = {
            "loss": sum(self._losses) / len(self._losses),
            "tokens_per_second": speed,
            "data_wait": min(1.0, self._waited / seconds),
            "mfu": speed * self._flops_per_token / self._peak_flops if self._peak_flops else None,
        }
        self._losses = []
        self.restart_clock()
        return figures
