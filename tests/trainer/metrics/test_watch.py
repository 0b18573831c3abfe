import jax.numpy as jnp
import pytest

from schemas.errors import CheckFailed
from trainer.metrics.watch import LateWatch
from trainer.step import Metrics


def metrics(loss: float, finite: bool = True) -> Metrics:
    return Metrics(jnp.float32(loss), jnp.float32(2 * loss), jnp.bool_(finite))


def test_each_step_is_seen_once_in_order_and_one_step_late() -> None:
    seen: list[tuple[int, float, float]] = []
    watch = LateWatch("mono", lambda *values: seen.append(values))
    watch.dispatched(1, metrics(1.0))
    assert seen == []
    watch.dispatched(2, metrics(2.0))
    assert seen == [(1, 1.0, 2.0)]
    watch.catch_up()
    watch.catch_up()
    assert seen == [(1, 1.0, 2.0), (2, 2.0, 4.0)]


def test_a_loss_that_is_not_finite_ends_the_run_with_its_step_named() -> None:
    watch = LateWatch("mono", lambda *_: pytest.fail("a bad step was seen"))
    watch.dispatched(7, metrics(float("nan"), finite=False))
    with pytest.raises(CheckFailed, match="stage mono step 7: loss nan, gradient norm nan: not finite"):
        watch.dispatched(8, metrics(1.0))
