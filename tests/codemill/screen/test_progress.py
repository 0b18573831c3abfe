import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from codemill.screen.progress import PLAIN_WIDTH, BuildProgress
from pipelines.jobs.progress import Done


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time is what the last entry says."""
    times = [100.0]
    monkeypatch.setattr("codemill.screen.progress.time", SimpleNamespace(monotonic=lambda: times[-1]))
    return times


def shown(lines: io.StringIO) -> list[str]:
    return lines.getvalue().splitlines()


def test_plain_lines_come_every_ten_seconds(clock: list[float]) -> None:
    lines = io.StringIO()
    progress = BuildProgress(Console(file=lines, width=PLAIN_WIDTH))
    progress.start("harvest", 40, "units")
    progress.update(Done(0))
    for second in range(1, 25):
        clock.append(100.0 + second)
        progress.update(Done(second, 1_000 * second, 2_000_000 * second))
    assert shown(lines) == [
        "harvest: 10 of 40 units: 10,000 documents, 20.0 MB, 1,000 documents/s, 2.0 MB/s, about 0:30 left",
        "harvest: 20 of 40 units: 20,000 documents, 40.0 MB, 1,000 documents/s, 2.0 MB/s, about 0:20 left",
    ]
    clock.append(140.0)
    progress.update(Done(40, 40_000, 80_000_000))
    progress.finish()
    assert shown(lines)[-1] == (
        "harvest          40 units in 40.0 s, 40,000 documents, 80.0 MB, 1,000 documents/s, 2.0 MB/s"
    )
    assert progress.seconds == {"harvest": 40.0}


def test_a_pass_that_fails_says_how_far_it_came(clock: list[float]) -> None:
    lines = io.StringIO()
    progress = BuildProgress(Console(file=lines, width=PLAIN_WIDTH))
    progress.start("shard", 8, "shards")
    clock.append(100.5)
    progress.update(Done(3))
    progress.finish("failed")
    assert shown(lines) == ["shard            3 of 8 shards in 0.5 s (failed)"]


def test_a_terminal_has_a_bar() -> None:
    lines = io.StringIO()
    progress = BuildProgress(Console(file=lines, width=120, force_terminal=True))
    progress.start("tokenise", 4, "blocks")
    progress.update(Done(2, 10, 5_000_000, 7))
    progress.finish()
    assert "2/4" in lines.getvalue() and "blocks" in lines.getvalue()
    assert "tokenise         4 blocks" in lines.getvalue()
