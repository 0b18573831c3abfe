from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.sources.elements import FileRejected
from pipelines.sources.inputs import find_inputs, open_unchanged, printable
from pipelines.sources.unit import InputFile
from schemas.errors import CodemillError
from schemas.reasons import Reject
from storage.errors import ForbiddenFile, StorageError
from tests.pipelines.sources.reading import write_files

SUFFIXES = (".x", ".x.gz")


def relative(*paths: object) -> list[str]:
    return [entry.relative for _, entry in find_inputs(tuple(map(str, paths)), SUFFIXES)]


def test_files_globs_and_directories(tmp_path: Path) -> None:
    write_files(tmp_path, {"d/a.x": "", "d/s/b.x.gz": "", "d/c.txt": ""})
    assert relative(tmp_path / "d") == ["a.x", "s/b.x.gz"]
    assert relative(tmp_path / "d" / "a.x") == ["a.x"]
    assert relative(tmp_path / "d" / "*") == ["a.x", "c.txt"]
    assert relative(tmp_path / "**" / "*.gz") == ["d/s/b.x.gz"]


def test_the_order_of_paths_does_not_matter(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.x": "", "b.x": "", "c.x": ""})
    paths = [tmp_path / "c.x", tmp_path / "[ab].x", tmp_path / "a.x"]
    assert relative(*paths) == relative(*reversed(paths)) == ["a.x", "b.x", "c.x"]


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"matches no file; check it; a directory needs \.x or \.x\.gz"):
        relative(tmp_path)
    with pytest.raises(CodemillError, match="unknown scheme s3://"):
        relative("s3://b/a.x")


@pytest.mark.parametrize(
    ("uri", "error", "expected"),
    [
        ("a", ForbiddenFile("a: cannot read: permission denied; x"), FileRejected),
        ("gs://b/a", ForbiddenFile("gs://b/a: cannot read: permission denied; x"), CodemillError),
        ("a", StorageError("a: cannot read: input/output error; x"), CodemillError),
    ],
)
def test_what_may_not_be_read(
    monkeypatch: pytest.MonkeyPatch, uri: str, error: StorageError, expected: type[Exception]
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr("pipelines.sources.inputs.status", fail)
    with pytest.raises(expected) as caught:
        open_unchanged(InputFile(uri, "a", 1, "1"))
    if isinstance(caught.value, FileRejected):
        assert caught.value.reason is Reject.UNREADABLE_FILE


def test_printable() -> None:
    assert printable("ünï\n") == "ünï\n"
    assert printable("caf\udce9") == "caf\\xe9"
