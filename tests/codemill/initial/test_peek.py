from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codemill.initial import peek as module
from codemill.initial.kinds import Kind, data_suffix
from codemill.initial.peek import peek
from storage.errors import StorageError
from tests.codemill.initial.folders import write_github, write_pile


@pytest.mark.parametrize("ending", [".parquet", ".avro", ".json", ".jsonl", ".jsonl.gz"])
def test_exports_of_github(ending: str, tmp_path: Path) -> None:
    write_github(tmp_path, ending)
    found = peek(str(tmp_path / f"export-000{ending}"), ending)
    assert found.kind in (Kind.PARQUET, Kind.AVRO, Kind.JSON)
    assert list(found.languages) == ["python"] and found.languages.total() > 1000


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_the_pile(ending: str, tmp_path: Path) -> None:
    write_pile(tmp_path, ending)
    found = peek(str(tmp_path / f"00{ending}"), ending)
    assert (found.kind, found.subsets) == (Kind.PILE, ("Made",))
    assert "№" in found.characters


@pytest.mark.parametrize(
    ("suffix", "content", "why"),
    [
        (".jsonl", b"", "empty"),
        (".jsonl", b"\n\n", "empty"),
        (".jsonl", b"words\n", "no line of it is a JSON object"),
        (".jsonl", b"[1]\n2\n", "no line of it is a JSON object"),
        (".jsonl", b'{"question": 1}\n', 'keys "question"'),
        (".jsonl", b'{"text": 1}\n', 'keys "text"'),
        (".json", b'{"text": "words"}\n', 'keys "text"'),  # The Pile's files are called .jsonl
        (".jsonl", b"\xff\xfe\n", "no line of it"),
        (".jsonl.gz", b"not gzip", "gzip member 1"),
        (".jsonl.zst", b"", "empty"),
        (".parquet", b"PAR1", "damaged"),
        (".avro", b"Obj\x01", "damaged"),
        (".jsonl", b'{"a\\nb\\u001b": 1}\n', r'keys "a\nb\u001b"'),
    ],
)
def test_what_no_reader_takes(suffix: str, content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / f"x{suffix}").write_bytes(content)
    found = peek(str(tmp_path / f"x{suffix}"), suffix)
    assert found.kind is None and why in found.why


def test_other_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["words"], "id": [1]}), tmp_path / "x.parquet")
    assert peek(str(tmp_path / "x.parquet"), ".parquet").why == 'columns "text", "id": not `path` and `content`'


def test_single_bad_lines_do_not_matter(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"words {i}"}) for i in range(5)]
    (tmp_path / "x.jsonl").write_text("\n".join(['{"broken', *lines, '{"text": null}']))
    assert peek(str(tmp_path / "x.jsonl"), ".jsonl").kind is Kind.PILE


@pytest.mark.parametrize("first", ['{"text": "', '{"id": 1, "text": "'])
def test_only_the_beginning_of_a_long_line_is_read(first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BYTES", 1000)
    (tmp_path / "x.jsonl").write_text(first + "a" * 5000 + '"}\n')
    found = peek(str(tmp_path / "x.jsonl"), ".jsonl")
    assert found.kind is (Kind.PILE if first.startswith('{"text"') else None)


def test_a_file_that_is_gone_is_no_kind_but_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        peek(str(tmp_path / "x.jsonl"), ".jsonl")


def test_names_of_files_with_many_documents() -> None:
    assert [data_suffix(name) for name in ("a.jsonl.zst", "b.json", "c.avro", "d.py", "e.gz", "jsonl")] == [
        ".jsonl.zst",
        ".json",
        ".avro",
        "",
        "",
        "",
    ]
