from __future__ import annotations

from pathlib import Path
from typing import Any

import fastavro
import pytest

from pipelines.sources.elements import Skipped
from schemas.reasons import Reject
from tests.pipelines.sources.reading import github, read_all, whole_file_reject

SCHEMA = {
    "type": "record",
    "name": "Root",
    "fields": [
        {"name": "repo_name", "type": ["null", "string"]},
        {"name": "path", "type": ["null", "string"]},
        {"name": "license", "type": ["null", "string"]},
        {"name": "copies", "type": ["null", "long"]},
        {"name": "content", "type": ["null", "string"]},
    ],
}


def row(number: int, **replaced: Any) -> dict[str, Any]:
    path = f"src/f{number}.{'py' if number % 2 else 'go'}"
    content = f"text {number}\n" * 20
    return {"repo_name": "o/r", "path": path, "license": "MIT", "copies": number, "content": content} | replaced


def put(path: Path, rows: list[dict[str, Any]], schema: dict[str, Any] = SCHEMA, codec: str = "deflate") -> Path:
    with path.open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), rows, codec=codec, sync_interval=2000)
    return path


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy"])
def test_documents(tmp_path: Path, codec: str) -> None:
    put(tmp_path / "000.avro", [row(i) for i in range(60)], codec=codec)
    found = read_all(github(tmp_path, kind="github_avro"))
    assert found.rejects == []
    assert len(found.documents) == 30
    assert found.documents[3] == {
        "repository": "o/r",
        "path": "src/f7.py",
        "revision": "",
        "license": "mit",
        "language": "python",
        "subset": "",
        "stars": 0,
        "copies": 7,
        "text": b"text 7\n" * 20,
    }
    assert found.skipped == Skipped(30, sum(20 * len(f"text {i}\n") for i in range(0, 60, 2)))


def test_bad_rows_are_rejected_by_themselves(tmp_path: Path) -> None:
    put(tmp_path / "a.avro", [row(1), row(3, content=None), row(5, content="a\0b"), row(7, path=None), row(9)])
    found = read_all(github(tmp_path, kind="github_avro"))
    assert found.reasons == [("row 1", "missing_text"), ("row 2", "nul_byte")]
    assert [document["path"] for document in found.documents] == ["src/f1.py", "src/f9.py"]
    assert found.skipped.documents == 1


def test_damaged_files_are_rejected_whole(tmp_path: Path) -> None:
    whole = put(tmp_path / "a.avro", [row(i) for i in range(400)]).read_bytes()
    path = tmp_path / "a.avro"
    source = github(path, kind="github_avro")
    path.write_bytes(whole[: len(whole) // 2])
    assert whole_file_reject(source)[0] in (Reject.TRUNCATED_FILE, Reject.CORRUPT_FILE)
    path.write_bytes(whole[:-20] + bytes(20))
    assert whole_file_reject(source)[0] is Reject.CORRUPT_FILE
    path.write_bytes(b"")
    assert whole_file_reject(source)[0] in (Reject.TRUNCATED_FILE, Reject.CORRUPT_FILE)
    path.write_bytes(b"not avro at all")
    assert whole_file_reject(source)[0] is Reject.CORRUPT_FILE


def test_other_columns(tmp_path: Path) -> None:
    schema = SCHEMA | {"fields": [{"name": "path", "type": "string"}, {"name": "text", "type": "string"}]}
    put(tmp_path / "a.avro", [{"path": "a.py", "text": "x"}], schema)
    assert whole_file_reject(github(tmp_path, kind="github_avro")) == (
        Reject.WRONG_COLUMNS,
        "no column content; found path, text",
    )
    schema = SCHEMA | {"fields": [{"name": "path", "type": "string"}, {"name": "content", "type": "long"}]}
    put(tmp_path / "a.avro", [{"path": "a.py", "content": 7}], schema)
    assert whole_file_reject(github(tmp_path, kind="github_avro"))[0] is Reject.WRONG_COLUMNS
