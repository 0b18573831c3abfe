import time

import pytest

from trainer.metrics.meter import Meter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


def test_an_intervals_figures(clock: list[float]) -> None:
    meter = Meter(tokens_per_step=10, flops_per_token=6, peak_flops=240.0)
    for loss in (3.0, 1.0):
        meter.waited(0.25)
        meter.finished(loss)
    clock[0] += 2.0
    assert meter.take() == {"loss": 2.0, "tokens_per_second": 10.0, "data_wait": 0.25, "mfu": 0.25}
    meter.finished(5.0)
    clock[0] += 1.0
    assert meter.take() == {"loss": 5.0, "tokens_per_second": 10.0, "data_wait": 0.0, "mfu": 0.25}


def test_an_unknown_peak_gives_no_utilisation(clock: list[float]) -> None:
    meter = Meter(10, 6, None)
    meter.finished(1.0)
    assert meter.take()["mfu"] is None


def test_the_losses_of_steps_before_a_pause_still_count_but_not_their_time(clock: list[float]) -> None:
    meter = Meter(10, 6, None)
    meter.finished(4.0)
    clock[0] += 50.0
    meter.restart_clock()
    meter.finished(2.0)
    clock[0] += 1.0
    figures = meter.take()
    assert (figures["loss"], figures["tokens_per_second"]) == (3.0, 10.0)
