import resource
from pathlib import Path

import pytest

from codemill.doctor import machine
from codemill.doctor.finding import Status


@pytest.mark.parametrize(
    ("workers", "allowed", "status"),
    [
        (2, None, Status.OK),
        (2, 2.0, Status.OK),
        (2, 1.6, Status.OK),
        (16, 2.0, Status.WARNING),
        (4, 0.5, Status.WARNING),
    ],
)
def test_cores(workers: int, allowed: float | None, status: Status) -> None:
    (found,) = machine.cores(workers, allowed)
    assert found.status is status


def test_the_remedy_names_as_many_workers_as_fit() -> None:
    (found,) = machine.cores(16, 2.0)
    assert "--workers 2" in found.remedy
    (found,) = machine.memory(16, 3_500_000_000)
    assert found.status is Status.WARNING and "--workers 3" in found.remedy


@pytest.mark.parametrize(
    ("available", "status"), [(10**10, Status.OK), (900_000_000, Status.WARNING), (100_000_000, Status.BROKEN)]
)
def test_memory(available: int, status: Status) -> None:
    (found,) = machine.memory(1, available)
    assert found.status is status and (found.remedy or status is Status.OK)


def test_available_memory_is_the_least_of_machine_and_container(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 16 kB\nMemAvailable:   8 kB\n")
    assert machine.available_memory(tmp_path) == 8192
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("4096\n")
    (tmp_path / "sys/fs/cgroup/memory.current").write_text("4000\n")
    assert machine.available_memory(tmp_path) == 96


def test_open_files() -> None:
    assert [next(machine.open_files(limit)).status for limit in (256, 1024, resource.RLIM_INFINITY)] == [
        Status.WARNING,
        Status.OK,
        Status.OK,
    ]


def test_this_machine() -> None:
    assert machine.available_memory() > 0
    assert next(machine.open_files()).check == "open files"
