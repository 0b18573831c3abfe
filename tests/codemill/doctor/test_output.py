from __future__ import annotations

import time
from pathlib import Path

import pytest

from codemill.doctor import output as room
from codemill.doctor.finding import Status
from codemill.doctor.output import output
from storage.files import join, write_atomic
from storage.listing import list_files
from tests.storage.server import storage_environment


def test_a_directory_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    (found,) = output(str(tmp_path / "not" / "there"))
    assert found.status is Status.OK
    assert not list(tmp_path.iterdir())


def test_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = output(str(tmp_path / "file" / "snapshot"))
    assert found.status is Status.BROKEN and found.remedy


def test_a_snapshot_that_is_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert [found.status for found in output(str(tmp_path))] == [Status.OK, Status.NOTE]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_bucket_is_tried_and_left_as_it_was() -> None:
    with storage_environment() as bucket:
        (found,) = output(f"{bucket}/snapshots/one")
        assert found.status is Status.OK
        assert list_files(bucket) == []
        write_atomic(join(bucket, "two", "manifest.json"), b"{}")
        assert [found.status for found in output(f"{bucket}/two")] == [Status.OK, Status.NOTE]


def test_a_bucket_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(room, "write_atomic", lambda uri, data: time.sleep(1))
    monkeypatch.setattr(room, "read_bytes", lambda uri: b"")
    monkeypatch.setattr(room, "delete", lambda uri: None)
    (found,) = output("gs://bucket/snapshot")
    assert found.status is Status.BROKEN and "no answer" in found.what
