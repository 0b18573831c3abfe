"""JaxFormer's learning-rate schedule, computed on the host and handed to the step as a number."""

from __future__ import annotations

import math

from schemas.plan import Schedule


def learning_rate(schedule: Schedule, step: int) -> float:
    """The rate of the update with index `step` (from 0) within its stage.

    Linear from 0 over `warmup_steps`, so the first update of a warm-up changes nothing; then half a cosine from
    `peak` to `end` over `anneal_steps`; then `end`.
    """
    if step < schedule.warmup_steps:
        return schedule.peak * step / schedule.warmup_steps
    progress = min(1.0, (step - schedule.warmup_steps) / max(1, schedule.anneal_steps))
    return schedule.end + (schedule.peak - schedule.end) * 0.5 * (1.0 + math.cos(math.pi * progress))
