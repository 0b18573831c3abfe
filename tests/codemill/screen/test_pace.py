import pytest

from codemill.screen.pace import Pace, clock
from pipelines.jobs.progress import Done


def test_amounts_speeds_and_the_time_left() -> None:
    pace = Pace(40, 100.0)
    pace.update(Done(0), 101.0)
    assert pace.left() == []
    pace.update(Done(10, 2_000, 30_000_000, 5_000), 120.0)
    assert pace.amounts() == ["2,000 documents", "30.0 MB", "5,000 tokens"]
    assert pace.rates() == ["100 documents/s", "1.5 MB/s", "250 tokens/s"]
    assert pace.left() == ["about 1:00 left"]


def test_what_an_earlier_run_did_is_no_speed() -> None:
    pace = Pace(100, 0.0)
    pace.update(Done(80), 1.0)
    assert pace.left() == []
    pace.update(Done(85, 10), 10.0)
    assert pace.left() == ["about 0:30 left"]
    pace.update(Done(100, 40), 40.0)
    assert pace.left() == []


def test_what_a_pass_does_not_count_is_not_told() -> None:
    pace = Pace(4, 0.0)
    pace.update(Done(2), 10.0)
    assert pace.amounts() == pace.rates() == []


def test_nothing_is_told_of_an_instant() -> None:
    pace = Pace(4, 0.0)
    pace.update(Done(2, 5), 0.0)
    pace.end(0.0)
    assert pace.amounts() == ["5 documents"] and pace.rates() == [] and pace.left() == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0:00"), (65, "1:05"), (7384, "2:03:04"), (100_000, "1 d 3 h"), (3599.7, "1:00:00")]
)
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words
