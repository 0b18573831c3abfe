import os
from pathlib import Path

import pytest

from storage.files import TEMPORARY_PREFIX, StorageError, write_atomic
from storage.leftovers import delete_unfinished


def test_only_unfinished_files_go(tmp_path: Path) -> None:
    write_atomic(str(tmp_path / "a" / "whole"), b"1")
    for folder in (tmp_path, tmp_path / "a"):
        (folder / f"{TEMPORARY_PREFIX}half").write_bytes(b"2")
    delete_unfinished(str(tmp_path))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["whole"]


def test_a_directory_that_does_not_exist_holds_none(tmp_path: Path) -> None:
    delete_unfinished(str(tmp_path / "nowhere"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may delete anything")
def test_one_that_cannot_be_deleted_is_named(tmp_path: Path) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}half").touch()
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match=f"{TEMPORARY_PREFIX}half: cannot delete: permission denied"):
        delete_unfinished(str(tmp_path))
    tmp_path.chmod(0o700)
