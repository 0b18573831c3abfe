from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.sources import github_parquet, plan
from pipelines.sources.elements import Skipped
from schemas.errors import CodemillError
from schemas.reasons import Reject
from storage.files import write_atomic
from tests.pipelines.sources.reading import github, read_all, read_units, whole_file_reject
from tests.storage.server import storage_environment

ROWS = 60


def table(**replaced: Any) -> pa.Table:
    columns = {
        "repo_name": [f"owner/{i % 3}" for i in range(ROWS)],
        "path": [f"src/f{i}.{'py' if i % 2 else 'go'}" for i in range(ROWS)],
        "content": [f"text {i}\n" * 20 for i in range(ROWS)],
        "license": ["MIT" if i % 2 else "gpl-2.0" for i in range(ROWS)],
        "size": [20 * len(f"text {i}\n") for i in range(ROWS)],
        "copies": [str(i) for i in range(ROWS)],
    }
    return pa.table({name: column for name, column in (columns | replaced).items() if column is not None})


def put(path: Path, data: pa.Table, **options: Any) -> Path:
    pq.write_table(data, path, **{"row_group_size": 10, "write_page_checksum": True} | options)
    return path


def test_documents(tmp_path: Path) -> None:
    put(tmp_path / "000.parquet", table())
    outcome = read_all(github(tmp_path))
    assert outcome.rejects == []
    assert len(outcome.documents) == 30
    assert outcome.documents[3] == {
        "repository": "owner/1",
        "path": "src/f7.py",
        "revision": "",
        "license": "mit",
        "language": "python",
        "subset": "",
        "stars": 0,
        "copies": 7,
        "text": b"text 7\n" * 20,
    }
    assert outcome.skipped == Skipped(30, sum(20 * len(f"text {i}\n") for i in range(0, ROWS, 2)))
    everything = read_all(github(tmp_path, languages=("go", "python")))
    assert len(everything.documents) == ROWS
    assert everything.skipped == Skipped(0, 0)


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()], ids=str)
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
def test_column_types_and_compressions(tmp_path: Path, type_: pa.DataType, compression: str) -> None:
    data = table()
    for name in ("content", "path"):
        data = data.set_column(data.schema.get_field_index(name), name, data[name].cast(type_))
    put(tmp_path / "a.parquet", data, compression=compression)
    outcome = read_all(github(tmp_path))
    assert outcome.texts == [f"text {i}\n".encode() * 20 for i in range(1, ROWS, 2)]


def test_dictionary_columns(tmp_path: Path) -> None:
    data = table().set_column(2, "content", table()["content"].dictionary_encode())
    put(tmp_path / "a.parquet", data.set_column(3, "license", data["license"].dictionary_encode()))
    outcome = read_all(github(tmp_path))
    assert len(outcome.texts) == 30
    assert outcome.documents[0]["license"] == "mit"


def test_only_path_and_content_are_needed(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", table().select(["content", "path"]))
    first = read_all(github(tmp_path)).documents[0]
    assert (first["repository"], first["license"], first["copies"], first["stars"]) == ("", "", 1, 0)


def test_optional_columns(tmp_path: Path) -> None:
    stars = [None, 5, 2**40, -3] * 15
    copies = [None, "7", "many", "99999999999"] * 15
    data = table(
        stars=stars, copies=copies, ref=["refs/heads/main"] * ROWS, path=["a.py"] * ROWS, license=[None] * ROWS
    )
    put(tmp_path / "a.parquet", data.set_column(3, "license", pa.nulls(ROWS, pa.string())))
    documents = read_all(github(tmp_path)).documents
    assert [row["stars"] for row in documents[:4]] == [0, 5, 2**31 - 1, 0]
    assert [row["copies"] for row in documents[:4]] == [1, 7, 1, 2**31 - 1]
    assert documents[0]["revision"] == "refs/heads/main"
    assert documents[0]["license"] == ""


HOSTILE_ROWS = {
    "null": (None, "missing_text"),
    "empty": (b"", "empty_document"),
    "NUL": (b"a\0b", "nul_byte"),
    "bad UTF-8": (b"a\xff", "not_utf8"),
    "UTF-16": ("words".encode("utf-16"), "not_utf8"),
    "surrogate": (b"a\xed\xa0\x80", "lone_surrogate"),
    "too long": (b"x" * 2000, "too_large"),
    "only a mark": (b"\xef\xbb\xbf", "empty_document"),
}


@pytest.mark.parametrize("name", HOSTILE_ROWS)
def test_a_bad_row_is_rejected_alone(tmp_path: Path, name: str) -> None:
    bad, reason = HOSTILE_ROWS[name]
    good = table()["content"].cast(pa.binary()).to_pylist()
    column = pa.array([*good[:31], bad, *good[32:]], pa.binary())
    put(tmp_path / "a.parquet", table(content=column, path=["a.py"] * ROWS))
    outcome = read_all(github(tmp_path, max_document_bytes=1000))
    assert outcome.texts == good[:31] + good[32:]
    assert outcome.reasons == [("row 31", reason)]
    assert outcome.rejects[0].bytes == len(bad or b"")


def test_bad_utf8_in_string_columns(tmp_path: Path) -> None:
    raw = pa.array([b"caf\xe9.py"] * ROWS, pa.binary())
    unchecked = pa.StringArray.from_buffers(ROWS, *raw.buffers()[1:])
    put(tmp_path / "a.parquet", table(path=unchecked, content=unchecked, repo_name=unchecked))
    outcome = read_all(github(tmp_path))
    assert [reason for _, reason in outcome.reasons] == ["not_utf8"] * ROWS
    put(tmp_path / "a.parquet", table(path=unchecked, repo_name=unchecked))
    assert {row["path"] for row in read_all(github(tmp_path)).documents} == {"caf\\xe9.py"}


def test_odd_paths(tmp_path: Path) -> None:
    paths = [None, "", "new\nline.py", "no_extension", ".py", "ünï.py"] * 10
    put(tmp_path / "a.parquet", table(path=pa.array(paths, pa.string())))
    outcome = read_all(github(tmp_path))
    assert {row["path"] for row in outcome.documents} == {"new\nline.py", "ünï.py"}
    assert outcome.skipped.documents == 40


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (table(path=None), "no column path; found repo_name, content, license, size, copies"),
        (table(path=None, content=None), "no column path and content; found repo_name, license, size, copies"),
        (table(content=[1] * ROWS), "column content is int64, not string"),
        (table(path=[1.5] * ROWS), "column path is double, not string"),
        (table(license=[["mit"]] * ROWS), "column license is list<element: string>, not string"),
        (pa.table({"text": ["a"]}), "no column path and content; found text"),
    ],
    ids=range(6),
)
def test_wrong_columns(tmp_path: Path, data: pa.Table, detail: str) -> None:
    put(tmp_path / "a.parquet", data)
    assert whole_file_reject(github(tmp_path)) == (Reject.WRONG_COLUMNS, detail)


def test_damaged_files_beside_good_ones(tmp_path: Path) -> None:
    content = put(tmp_path / "good.parquet", table()).read_bytes()
    damaged = {
        "cut-footer": (content[:-100], Reject.TRUNCATED_FILE),
        "cut-middle": (content[: len(content) // 2], Reject.TRUNCATED_FILE),
        "cut-early": (content[:5], Reject.TRUNCATED_FILE),
        "empty": (b"", Reject.TRUNCATED_FILE),
        "text": (b"not a Parquet file at all", Reject.CORRUPT_FILE),
        "bad-length": (content[:-8] + b"\xff\xff\xff\x7f" + b"PAR1", Reject.CORRUPT_FILE),
        "bad-footer": (content[:-300] + b"\xff" * 200 + content[-100:], Reject.CORRUPT_FILE),
        "bad-page": (content[:300] + bytes([content[300] ^ 255]) + content[301:], Reject.CORRUPT_FILE),
    }
    for name, (data, _) in damaged.items():
        (tmp_path / f"{name}.parquet").write_bytes(data)
    outcome = read_all(github(tmp_path, languages=("python", "go")))
    assert len(outcome.documents) == ROWS
    assert {row.file: row.reason for row in outcome.rejects} == {
        f"{name}.parquet": reason for name, (_, reason) in damaged.items()
    }
    assert all(row.detail for row in outcome.rejects)


def test_damage_found_after_blocks_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "a.parquet", table(), compression="none", use_dictionary=False, write_statistics=False)
    content = bytearray(path.read_bytes())
    content[content.index(b"text 59\n")] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr("pipelines.sources.blocks.BLOCK_BYTES", 500)
    assert whole_file_reject(github(tmp_path))[0] is Reject.CORRUPT_FILE


def test_units_are_ranges_of_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "b.parquet", table())
    put(tmp_path / "a.parquet", table()[:10])
    config = github(tmp_path)
    assert [(unit.files[0].relative, unit.start, unit.end) for unit in plan("s", config)] == [
        ("a.parquet", 0, 1),
        ("b.parquet", 0, 6),
    ]
    whole = read_all(config)
    metadata = pq.read_metadata(tmp_path / "b.parquet")
    largest = max(metadata.row_group(index).total_byte_size for index in range(6))
    monkeypatch.setattr(github_parquet, "UNIT_BYTES", 2 * largest)
    units = plan("s", config)
    assert [(unit.start, unit.end) for unit in units] == [(0, 1), (0, 2), (2, 4), (4, 6)]
    assert [unit.ordinal for unit in units] == [0, 1, 2, 3]
    assert read_units(units, config) == whole
    monkeypatch.setattr(github_parquet, "UNIT_BYTES", 1)
    units = plan("s", config)
    assert len(units) == 7
    assert read_units(units, config) == whole


def test_places_count_rows_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = table()["content"].to_pylist()
    content[57] = None
    put(tmp_path / "a.parquet", table(content=content))
    monkeypatch.setattr(github_parquet, "UNIT_BYTES", 1)
    monkeypatch.setattr(github_parquet, "_BATCH_ROWS", 3)
    assert read_all(github(tmp_path)).reasons == [("row 57", "missing_text")]


def test_a_file_without_rows(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", table()[:0])
    outcome = read_all(github(tmp_path))
    assert (outcome.documents, outcome.rejects, outcome.skipped) == ([], [], Skipped(0, 0))


def test_google_cloud_storage(tmp_path: Path) -> None:
    content = put(tmp_path / "a.parquet", table()).read_bytes()
    (tmp_path / "b.parquet").write_bytes(content[:-50])
    with storage_environment() as bucket:
        for path in sorted(tmp_path.iterdir()):
            write_atomic(f"{bucket}/code/{path.name}", path.read_bytes())
        assert read_all(github(f"{bucket}/code/*.parquet")) == read_all(github(tmp_path))


def test_changed_and_missing(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"matches no file; check it; a directory needs \.parquet"):
        plan("s", github(tmp_path))
    put(tmp_path / "a.parquet", table())
    units = plan("s", github(tmp_path))
    put(tmp_path / "a.parquet", table()[:5])
    with pytest.raises(CodemillError, match="has changed since the build began"):
        read_units(units, github(tmp_path))
