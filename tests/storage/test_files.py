from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import explained
from storage.files import (
    MissingFile,
    StorageError,
    delete,
    delete_tree,
    exists,
    make_directory,
    open_input,
    open_stream,
    read_bytes,
    size,
    write_atomic,
)
from storage.listing import list_files
from storage.uris import join


def names(root: str) -> list[str]:
    return [entry.relative for entry in list_files(root)]


@pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256)) * 40_000], ids=["empty", "short", "10 MB"])
def test_what_is_written_is_read(root: str, content: bytes) -> None:
    uri = join(root, "a", "b.bin")
    write_atomic(uri, content)
    assert read_bytes(uri) == content
    assert size(uri) == len(content)
    with open_stream(uri) as stream:
        assert stream.read(3) == content[:3]


@pytest.mark.parametrize("name", ["a.gz", "a.jsonl.zst", "a.bz2", "a.lz4"])
def test_names_do_not_change_bytes(root: str, name: str) -> None:
    write_atomic(join(root, name), b"plain")
    assert size(join(root, name)) == 5
    assert read_bytes(join(root, name)) == b"plain"
    with open_input(join(root, name)) as source:
        assert source.read() == b"plain"


def test_pieces_and_writers(root: str) -> None:
    write_atomic(join(root, "pieces"), (bytes([i]) * 1000 for i in range(100)))
    assert read_bytes(join(root, "pieces")) == b"".join(bytes([i]) * 1000 for i in range(100))
    table = pa.table({"x": list(range(1000))})
    write_atomic(join(root, "t.parquet"), lambda sink: pq.write_table(table, sink))
    with open_input(join(root, "t.parquet")) as source:
        assert pq.read_table(source) == table
    write_atomic(join(root, "nothing"), [])
    assert size(join(root, "nothing")) == 0


def test_random_access(root: str) -> None:
    write_atomic(join(root, "f"), bytes(range(200)))
    with open_input(join(root, "f")) as source:
        assert source.size() == 200
        assert source.read_at(3, 100) == b"def"
        source.seek(198)
        assert source.read() == bytes([198, 199])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(root: str) -> None:
    uri = join(root, "f")
    write_atomic(uri, b"old")

    def pieces() -> Iterator[bytes]:
        yield b"new" * 1_000_000
        raise ValueError("stop here")

    with pytest.raises(ValueError, match="stop here"):
        write_atomic(uri, pieces())
    with pytest.raises(ValueError, match="stop here"):
        write_atomic(join(root, "other"), pieces())
    assert read_bytes(uri) == b"old"
    assert names(root) == ["f"]
    if not root.startswith("gs://"):
        assert os.listdir(root) == ["f"]


def test_an_interrupt_leaves_no_part(root: str) -> None:
    def interrupted(sink: pa.NativeFile) -> None:
        sink.write(b"x" * 5_000_000)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomic(join(root, "f"), interrupted)
    assert names(root) == []


def test_exists_and_delete(root: str) -> None:
    uri = join(root, "d", "f")
    assert not exists(uri)
    write_atomic(uri, b"x")
    assert exists(uri)
    assert exists(join(root, "d"))
    delete(uri)
    delete(uri)
    assert not exists(uri)


def test_delete_tree(root: str) -> None:
    for name in ("d/a", "d/e/b", "d2/c", "k"):
        write_atomic(join(root, name), b"x")
    delete_tree(join(root, "d"))
    delete_tree(join(root, "d"))
    assert names(root) == ["d2/c", "k"]


@pytest.mark.parametrize("uri", ["/", "gs://bucket", "gs://bucket/"])
def test_delete_tree_refuses_the_whole(uri: str) -> None:
    with pytest.raises(StorageError, match="name a directory in it"):
        delete_tree(uri)


def test_make_directory(root: str) -> None:
    make_directory(join(root, "x", "y"))
    make_directory(join(root, "x", "y"))
    assert names(root) == []
    write_atomic(join(root, "x", "y", "f"), b"1")
    assert names(root) == ["x/y/f"]


def test_missing_files_are_named_with_a_remedy(root: str) -> None:
    uri = join(root, "nope")
    for action in (read_bytes, size, open_input, open_stream):
        with pytest.raises(MissingFile, match=r"nope: cannot read: no such .*; check the path") as caught:
            action(uri)
        assert "\n" not in str(caught.value)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="it is a directory; name a file in it"):
        read_bytes(str(tmp_path))
    with pytest.raises(StorageError, match="it is a directory; name a file in it"):
        size(str(tmp_path))


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    write_atomic(str(tmp_path / "f"), b"")
    with pytest.raises(StorageError, match="f/g: cannot write: "):
        write_atomic(str(tmp_path / "f" / "g"), b"x")
    with pytest.raises(StorageError, match="f: cannot list: a part of the path is a file"):
        list_files(str(tmp_path / "f"))


def test_a_name_that_is_not_utf8_can_be_read(tmp_path: Path) -> None:
    raw = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    with open(raw, "wb") as file:
        file.write(b"text")
    assert read_bytes(os.fsdecode(raw)) == b"text"


def test_written_files_obey_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(str(tmp_path / "f"), b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640


def test_file_uris_are_local(tmp_path: Path) -> None:
    write_atomic(f"file://{tmp_path}/f", b"x")
    assert (tmp_path / "f").read_bytes() == b"x"


def test_a_name_without_folder_goes_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_atomic("f", b"x")
    assert read_bytes("f") == b"x"
    assert names("") == names(".") == ["f"]


def test_a_bucket_alone_is_refused() -> None:
    with pytest.raises(StorageError, match="names a bucket; write gs://bucket/name"):
        write_atomic("gs://bucket", b"x")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "x"), "permission denied; give this user the permission"),
        (OSError(28, "No space left on device"), "the disk is full; free some space"),
        (OSError("first line\nsecond line"), "first line; check the disk it lies on"),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "y"), "not valid UTF-8; rename it"),
    ],
)
def test_explained(error: BaseException, words: str) -> None:
    message = str(explained("d/f", "write", error))
    assert words in message
    assert "d/f" in message
    assert "\n" not in message


def test_errors_cross_process_borders() -> None:
    error = pickle.loads(pickle.dumps(explained("f", "read", FileNotFoundError())))
    assert isinstance(error, MissingFile)
    assert str(error) == "f: cannot read: no such file or directory; check the path"
