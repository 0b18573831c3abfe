from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.sources.elements import Skipped
from schemas.reasons import Reject
from tests.pipelines.sources.reading import github, read_all, whole_file_reject


def line(number: int, **replaced: Any) -> str:
    path = f"src/f{number}.{'py' if number % 2 else 'go'}"
    row = {"repo_name": "o/r", "path": path, "license": "MIT", "copies": str(number), "content": f"text {number}\n"}
    return json.dumps(row | replaced)


@pytest.mark.parametrize("name", ["000.json", "000.jsonl", "000.json.gz"])
def test_documents(tmp_path: Path, name: str) -> None:
    content = "\n".join(line(i) for i in range(60)).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    found = read_all(github(tmp_path, kind="github_json"))
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
        "text": b"text 7\n",
    }
    assert found.skipped == Skipped(30, sum(len(f"text {i}\n") for i in range(0, 60, 2)))


def test_bad_lines_are_rejected_by_themselves(tmp_path: Path) -> None:
    lines = [
        line(1),
        "{broken",
        "",
        line(3, content=None),
        line(5, content=7),
        json.dumps({"content": "no path"}),
        line(7, content="\0"),
        line(9, copies=4),
    ]
    (tmp_path / "a.json").write_bytes("\n".join(lines).encode() + b'\n{"path": "\xff"}\n')
    found = read_all(github(tmp_path, kind="github_json"))
    assert sorted(found.reasons) == [
        ("line 2", "malformed_json"),
        ("line 4", "missing_text"),
        ("line 5", "missing_text"),
        ("line 6", "missing_text"),
        ("line 7", "nul_byte"),
        ("line 9", "not_utf8"),
    ]
    assert [(document["path"], document["copies"]) for document in found.documents] == [
        ("src/f1.py", 1),
        ("src/f9.py", 4),
    ]


def test_a_cut_file_is_rejected_whole(tmp_path: Path) -> None:
    whole = "\n".join(line(i) for i in range(60)).encode()
    (tmp_path / "a.json").write_bytes(whole[:-10])
    assert whole_file_reject(github(tmp_path, kind="github_json"))[0] is Reject.TRUNCATED_FILE
    (tmp_path / "a.json").unlink()
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(whole)[:-10])
    assert whole_file_reject(github(tmp_path, kind="github_json"))[0] is Reject.TRUNCATED_FILE


def test_a_line_too_long_is_rejected_by_itself(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("\n".join([line(1), line(3, content="x" * 200_000), line(5)]) + "\n")
    found = read_all(github(tmp_path, kind="github_json", max_document_bytes=1000))
    assert found.reasons == [("line 2", "too_large")]
    assert len(found.documents) == 2
