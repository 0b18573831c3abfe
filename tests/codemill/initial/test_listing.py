from __future__ import annotations

import os
from pathlib import Path

import pytest

from codemill.initial.listing import File, list_folder
from storage.errors import StorageError
from storage.files import join, write_atomic
from tests.codemill.initial.folders import write_repository
from tests.storage.server import storage_environment


def test_names_sizes_and_repositories(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.txt", ".hidden", ".folder/d.txt", "a/.e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("four")
    write_repository(tmp_path / "a" / "bare.git")
    write_repository(tmp_path / "out", bare=False)
    (tmp_path / "out" / "work.py").write_text("")
    os.symlink("b.txt", tmp_path / "link.txt")
    os.symlink(".", tmp_path / "circle")
    os.symlink("nowhere", tmp_path / "broken")
    found = list_folder(str(tmp_path))
    assert found.files == (File("a/c.txt", 4), File("b.txt", 4), File("link.txt", 4, link=True))
    assert found.repositories == ("a/bare.git", "out")
    assert found.complete


def test_a_limit_leaves_out_what_lies_deep(tmp_path: Path) -> None:
    for name in ("a/b/deep.txt", "a/in.txt", "z.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = list_folder(str(tmp_path), limit=2)
    assert [file.relative for file in found.files] == ["a/in.txt", "z.txt"]
    assert not found.complete
    assert list_folder(str(tmp_path), limit=3).complete


def test_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "nothing"):
        with pytest.raises(StorageError, match=name):
            list_folder(str(tmp_path / name))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_bucket() -> None:
    with storage_environment() as bucket:
        for name in ("d/a.txt", "d/b/c.txt", "d/.git/HEAD", "other.txt"):
            write_atomic(join(bucket, name), b"four")
        assert list_folder(f"{bucket}/d").files == (File("a.txt", 4), File("b/c.txt", 4))
        assert list_folder(bucket, limit=2).complete is False
        assert list_folder(f"{bucket}/none").files == ()
