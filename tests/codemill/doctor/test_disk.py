import subprocess
import tempfile
from pathlib import Path

import pytest

from codemill.doctor import disk
from codemill.doctor.finding import Status


def test_a_directory_that_will_do(tmp_path: Path) -> None:
    (found,) = disk.temporary(tmp_path, free=10**11)
    assert found.status is Status.OK
    assert not list(tmp_path.iterdir())


def test_little_room_for_temporary_files(tmp_path: Path) -> None:
    (found,) = disk.temporary(tmp_path, free=10**8)
    assert found.status is Status.WARNING and "TMPDIR" in found.remedy


def test_a_directory_where_nothing_can_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(subprocess, "run", refuse)
    first, second = disk.temporary(tmp_path, free=10**11)
    assert first.status is Status.WARNING and "noexec" in first.remedy
    assert second.status is Status.OK


def test_a_directory_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = disk.temporary(tmp_path / "file")
    assert found.status is Status.BROKEN


def test_no_directory_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    (found,) = disk.temporary()
    assert found.status is Status.BROKEN and "TMPDIR" in found.remedy


@pytest.mark.parametrize(
    ("text", "free", "status"),
    [(None, 1, Status.OK), (10**9, 2 * 10**9, Status.OK), (10**9, 10**9, Status.WARNING)],
)
def test_room(text: int | None, free: int, status: Status, tmp_path: Path) -> None:
    (found,) = disk.room(tmp_path / "not" / "there", text, free=free)
    assert found.status is status


def test_room_says_what_it_does_not_know(tmp_path: Path) -> None:
    (found,) = disk.room(tmp_path, 10**6, whole=False)
    assert "more for sources" in found.what
