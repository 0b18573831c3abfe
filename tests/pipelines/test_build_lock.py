import os
import subprocess
from pathlib import Path

import pytest

from pipelines.build_lock import held_locks, only_build_in, stand_in
from schemas.errors import CodemillError


def test_a_second_build_is_refused_and_told_the_first(tmp_path: Path) -> None:
    output, work = str(tmp_path / "snapshot"), str(tmp_path / "snapshot.work")
    with (
        only_build_in(work, output),
        pytest.raises(CodemillError, match=rf"another build is at work there \(process {os.getpid()}\)"),
        only_build_in(str(tmp_path / "other.work"), output),
    ):
        pass
    with only_build_in(work, output):
        pass


def test_the_lock_is_held_until_the_last_worker_is_gone(tmp_path: Path) -> None:
    with only_build_in(str(tmp_path)):
        worker = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=held_locks())
    with pytest.raises(CodemillError, match="another build"), only_build_in(str(tmp_path)):
        pass
    worker.communicate()
    with only_build_in(str(tmp_path)):
        pass


def test_a_build_that_is_refused_leaves_no_directory_that_it_made(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with pytest.raises(CodemillError), only_build_in(str(old), str(new)):
        raise CodemillError("odd")
    assert old.exists() and not new.exists()
    with pytest.raises(CodemillError), only_build_in(str(old), str(new)):
        (new / "file").touch()
        raise CodemillError("odd")
    assert new.exists()


def test_builds_on_gs_exclude_each_other_on_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with (
        only_build_in("gs://bucket/snapshot"),
        pytest.raises(CodemillError, match=r"gs://bucket/snapshot: another build"),
        only_build_in("gs://bucket/snapshot"),
    ):
        pass
    with only_build_in("gs://bucket/snapshot"), only_build_in("gs://bucket/other"):
        pass
    assert stand_in("gs://bucket/snapshot") == stand_in("gs://bucket/snapshot/")
