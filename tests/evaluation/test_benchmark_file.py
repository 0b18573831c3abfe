from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from evaluation.benchmark_file import PublicFile, read_benchmark
from schemas.errors import CodemillError
from storage.errors import StorageError
from tests.evaluation.own_problems import FUNCTIONS, write_lines


def public(path: Path) -> PublicFile:
    return PublicFile("OwnEval", f"https://example.com/data/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest())


def test_the_public_file_is_known_by_its_hash_wherever_it_lies(tmp_path: Path) -> None:
    there = Path(write_lines(tmp_path / "own.jsonl", FUNCTIONS))
    copy = there.rename(tmp_path / "copy.jsonl")
    file = read_benchmark(public(copy), str(copy))
    assert (file.shown, file.rows) == ("OwnEval, the public file", FUNCTIONS)


def test_gzip_is_read(tmp_path: Path) -> None:
    plain = Path(write_lines(tmp_path / "own.jsonl", FUNCTIONS))
    packed = tmp_path / "own.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_benchmark(public(packed), str(packed)).rows == FUNCTIONS
    (tmp_path / "cut.gz").write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(CodemillError, match=r"cut\.gz: is damaged gzip; get the file again"):
        read_benchmark(public(packed), str(tmp_path / "cut.gz"))


def test_a_file_of_the_public_name_must_be_the_public_one(tmp_path: Path) -> None:
    there = Path(write_lines(tmp_path / "own.jsonl", FUNCTIONS))
    known = public(there)
    there.write_bytes(there.read_bytes() + b"\n")
    with pytest.raises(StorageError, match=r"own\.jsonl: has the SHA-256 .*, expected was"):
        read_benchmark(known, str(there))


def test_another_file_is_told_with_its_name_and_hash(tmp_path: Path) -> None:
    known = public(Path(write_lines(tmp_path / "own.jsonl", FUNCTIONS)))
    other = write_lines(tmp_path / "mine.jsonl", FUNCTIONS[:1])
    assert read_benchmark(known, other).shown.startswith(f"{other}, sha256 ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"task_id": 1}\n[2]\n', "line 2: is no JSON object; give one object a line"),
        (b"\n\n", "holds no problems"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "mine.jsonl").write_bytes(content)
    with pytest.raises(CodemillError, match=words):
        read_benchmark(PublicFile("OwnEval", "https://example.com/own.jsonl", "0"), str(tmp_path / "mine.jsonl"))
