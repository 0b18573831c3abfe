import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.plan import Schedule
from trainer.schedule import learning_rate

SCHEDULE = Schedule(peak=3e-4, end=3e-5, warmup_steps=3000, anneal_steps=300_000)


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (0, 0.0),
        (1500, 1.5e-4),
        (3000, 3e-4),
        (153_000, (3e-4 + 3e-5) / 2),
        (303_000, 3e-5),
        (350_000, 3e-5),
    ],
)
def test_known_points_of_the_papers_schedule(step: int, rate: float) -> None:
    assert math.isclose(learning_rate(SCHEDULE, step), rate, rel_tol=1e-12, abs_tol=0)


def test_no_warmup_and_no_anneal_start_at_once() -> None:
    flat = Schedule(peak=1.0, end=0.5, warmup_steps=0, anneal_steps=0)
    assert [learning_rate(flat, step) for step in (0, 1, 2)] == [1.0, 0.5, 0.5]


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 200))
def test_rises_then_falls_within_its_bounds(warmup: int, anneal: int, step: int) -> None:
    schedule = Schedule(peak=1.0, end=0.1, warmup_steps=warmup, anneal_steps=anneal)
    now, then = learning_rate(schedule, step), learning_rate(schedule, step + 1)
    assert 0 <= now <= 1
    assert then >= now if step < warmup else then <= now
    if step >= warmup + max(1, anneal):
        assert now == pytest.approx(0.1)
