import pytest

from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner


@pytest.mark.parametrize(("workers", "parts", "started"), [(4, 1, 1), (4, 3, 3), (4, 9, 4), (1, 9, 1), (4, 0, 1)])
def test_there_are_no_more_workers_than_parts(workers: int, parts: int, started: int) -> None:
    assert Runner(workers, Silence()).for_parts(parts).workers == started


def test_an_engine_knows_its_own_workers() -> None:
    runner = Runner(4, Silence(), ("--runner=FlinkRunner",))
    assert runner.for_parts(1) is runner
