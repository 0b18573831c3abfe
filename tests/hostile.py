"""Hostile input files, each with the rows that it has to leave in the rejects table; no document of theirs is kept."""

from __future__ import annotations

import gzip
import io
import json
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

LONGEST = 300_000
"""The `max_document_bytes` that the expectations are for."""


class Hostile(NamedTuple):
    """A file and what is expected of it: (place, reason) of each reject; good lines may stand beside the bad ones."""

    name: str
    content: bytes
    rejects: list[tuple[str, str]]
    good: int = 0


def line(text: object, **more: object) -> bytes:
    return json.dumps({"text": text, "meta": {"pile_set_name": "Hostile"}, **more}).encode() + b"\n"


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def good(number: int) -> bytes:
    return line(f"A good line, number {number}, stands beside the bad ones: " + "word " * 9 + f"{number**7}.")


BOMB = line("x" * 60_000_000)  # 60 MB of one character: 1 : 1000 and more when compressed
DEEP = b'{"text": "t", "deep": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"
LINES = b"".join(good(i) for i in range(100, 103))
DAMAGED = bytearray(zst(LINES))
DAMAGED[len(DAMAGED) // 2] ^= 0x55

PILE = [
    Hostile("empty.jsonl", b"", []),
    Hostile("empty.jsonl.gz", b"", [("", "truncated_file")]),
    Hostile("empty.jsonl.zst", b"", [("", "truncated_file")]),
    Hostile("blank-lines.jsonl", b"\n \n\t\n", []),
    Hostile("cut.jsonl", good(0) + good(1)[:-20], [("line 2", "truncated_file")]),
    Hostile("cut.jsonl.gz", gzip.compress(LINES, mtime=0)[:-9], [("", "truncated_file")]),
    Hostile("cut.jsonl.zst", zst(LINES)[:-5], [("", "truncated_file")]),
    Hostile("second-frame-cut.jsonl.zst", zst(LINES) + zst(good(3))[:-6], [("", "truncated_file")]),
    Hostile("second-member-cut.jsonl.gz", gzip.compress(LINES) + gzip.compress(good(4))[:12], [("", "truncated_file")]),
    Hostile("damaged.jsonl.zst", bytes(DAMAGED), [("", "corrupt_file")]),
    Hostile("not-gzip.jsonl.gz", LINES, [("", "corrupt_file")]),
    Hostile("not-zstd.jsonl.zst", LINES, [("", "corrupt_file")]),
    Hostile("bomb.jsonl.zst", zst(BOMB) + zst(good(5)), [("line 1", "too_large")], 1),
    Hostile("bomb.jsonl.gz", gzip.compress(BOMB, 9) + gzip.compress(good(6)), [("line 1", "too_large")], 1),
    Hostile("ten-megabytes.jsonl", b'{"text": "' + b"a" * 10_000_000 + b'"}\n' + good(7), [("line 1", "too_large")], 1),
    Hostile("no-newline-at-all.jsonl", b"a" * 2_000_000, [("line 1", "too_large")]),
    Hostile("deep.jsonl", DEEP[:LONGEST] + b"\n" + good(8), [("line 1", "malformed_json")], 1),
    Hostile(
        "deep-enough.jsonl", b'{"text": "t", "a": ' + b"[" * 5000 + b"\n" + good(9), [("line 1", "malformed_json")], 1
    ),
    Hostile("broken.jsonl", good(10) + b'{"text": "bro\n' + good(11), [("line 2", "malformed_json")], 2),
    Hostile("nan.jsonl", b'{"text": "t", "x": NaN}\n' + good(12), [("line 1", "malformed_json")], 1),
    Hostile("array.jsonl", b'["text"]\n' + good(13), [("line 1", "missing_text")], 1),
    Hostile("number.jsonl", line(7) + good(14), [("line 1", "missing_text")], 1),
    Hostile("null.jsonl", line(None) + good(15), [("line 1", "missing_text")], 1),
    Hostile("no-text.jsonl", b'{"meta": {}}\n' + good(16), [("line 1", "missing_text")], 1),
    Hostile("twice.jsonl", b'{"text": "a", "text": "b"}\n' + good(17), [("line 1", "malformed_json")], 1),
    Hostile("empty-text.jsonl", line("") + good(18), [("line 1", "empty_document")], 1),
    Hostile("nul.jsonl", line("a\0b") + good(19), [("line 1", "nul_byte")], 1),
    Hostile("surrogate.jsonl", b'{"text": "a \\ud83d b"}\n' + good(20), [("line 1", "lone_surrogate")], 1),
    Hostile("latin-1.jsonl", b'{"text": "caf\xe9"}\n' + good(21), [("line 1", "not_utf8")], 1),
    Hostile("utf-16.jsonl", '{"text": "a"}'.encode("utf-16") + b"\n" + good(22), [("line 1", "not_utf8")], 1),
    Hostile("new\nline\x1b[31m.jsonl", line("") + good(23), [("line 1", "empty_document")], 1),
    Hostile("concatenated.jsonl", good(24)[:-1] + good(25), [("line 1", "malformed_json")]),
    Hostile("carriage-returns.jsonl", good(26)[:-1] + b"\r\n" + b"\r\n", [], 1),
    Hostile("byte-order-mark.jsonl", b"\xef\xbb\xbf" + good(27), [], 1),
]


def parquet(content: list[object] | None = None, *, bad_page: bool = False, **columns: object) -> bytes:
    contents = content if content is not None else [f"value_{i} = {i**5}\n" * 4 for i in range(3)]
    table: dict[str, object] = {
        "repo_name": ["owner/hostile"] * len(contents),
        "path": [f"src/file_{i}.py" for i in range(len(contents))],
        "content": contents,
        "license": ["mit"] * len(contents),
        "size": pa.array([1] * len(contents), pa.int64()),
        "copies": pa.array([1] * len(contents), pa.int64()),
    } | columns
    sink = io.BytesIO()
    rows = pa.table({name: column for name, column in table.items() if column is not None})
    pq.write_table(rows, sink, compression="none", write_page_checksum=True, use_dictionary=False)
    data = bytearray(sink.getvalue())
    if bad_page:
        data[data.index(b"value_1")] ^= 1
    return bytes(data)


WHOLE = parquet()
PARQUET = [
    Hostile("empty.parquet", b"", [("", "truncated_file")]),
    Hostile("cut.parquet", WHOLE[:-30], [("", "truncated_file")]),
    Hostile("words.parquet", b"these are words and no table" * 9, [("", "corrupt_file")]),
    Hostile("bad-page.parquet", parquet(bad_page=True), [("", "corrupt_file")]),
    Hostile(
        "no-path.parquet",
        parquet(path=None),
        [("", "wrong_columns")],
    ),
    Hostile("numbers.parquet", parquet(content=[1, 2, 3]), [("", "wrong_columns")]),
    Hostile(
        "rows.parquet",
        parquet(content=[b"ok = 'row zero'\n", b"", b"a\0b", b"caf\xe9", b"\xed\xa0\x80", b"x" * (LONGEST + 1), None]),
        [
            ("row 1", "empty_document"),
            ("row 2", "nul_byte"),
            ("row 3", "not_utf8"),
            ("row 4", "lone_surrogate"),
            ("row 5", "too_large"),
            ("row 6", "missing_text"),
        ],
        1,
    ),
]

TREE = [
    Hostile("empty.py", b"", [("", "empty_document")]),
    Hostile("mark.py", b"\xef\xbb\xbf", [("", "empty_document")]),
    Hostile("nul.py", b"a = 1\0", [("", "nul_byte")]),
    Hostile("latin-1.py", b"# caf\xe9", [("", "not_utf8")]),
    Hostile("utf-16.py", "a = 1".encode("utf-16"), [("", "not_utf8")]),
    Hostile("surrogate.py", b"# \xed\xa0\x80", [("", "lone_surrogate")]),
    Hostile("ten-megabytes.py", b"x" * 10_000_000, [("", "too_large")]),
    Hostile("new\nline.py", b"\0", [("", "nul_byte")]),
]
