from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources import blocks
from pipelines.sources.blocks import BlockBuilder, Column
from pipelines.sources.elements import RejectRow
from schemas.documents import RAW_SCHEMA
from schemas.reasons import Reject

COLUMNS: dict[str, Column] = {
    "repository": "r",
    "revision": "",
    "license": "mit",
    "language": "python",
    "subset": "",
    "stars": 3,
    "copies": 1,
}


def run(pieces: list[list[bytes]]) -> tuple[list[pa.RecordBatch], list[RejectRow]]:
    builder = BlockBuilder(max_document_bytes=30)
    found: list[pa.RecordBatch] = []
    rejects: list[RejectRow] = []
    number = 0
    for piece in pieces:
        numbers = [str(number + i) for i in range(len(piece))]
        number += len(piece)
        columns = COLUMNS | {"path": pa.array(numbers, pa.string())}
        for element in builder.add(pa.array(piece, pa.large_binary()), columns, "f", numbers):
            if isinstance(element, RejectRow):
                rejects.append(element)
            else:
                found.append(element)
    found += builder.finish()
    return found, rejects


@pytest.fixture(autouse=True, scope="module")
def _small_blocks() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", 20)
        patch.setattr(blocks, "BLOCK_ROWS", 5)
        yield


def reference(texts: list[bytes]) -> list[list[bytes]]:
    result: list[list[bytes]] = [[]]
    for text in texts:
        result[-1].append(text)
        if sum(map(len, result[-1])) >= 20 or len(result[-1]) == 5:
            result.append([])
    return result if result[-1] else result[:-1]


@given(st.lists(st.lists(st.text("ab\0", max_size=30).map(str.encode), max_size=8), max_size=8))
def test_blocks_do_not_depend_on_the_pieces(pieces: list[list[bytes]]) -> None:
    found, rejects = run(pieces)
    flat = [text for piece in pieces for text in piece]
    good = [(str(i), text) for i, text in enumerate(flat) if text and b"\0" not in text]
    assert [block.column("text").to_pylist() for block in found] == reference([text for _, text in good])
    assert [path for block in found for path in block.column("path").to_pylist()] == [path for path, _ in good]
    assert len(good) + len(rejects) == len(flat)
    for block in found:
        assert block.schema == RAW_SCHEMA
        block.validate(full=True)
        assert block.column("stars").to_pylist() == [3] * block.num_rows
    assert [b.to_pylist() for b in found] == [b.to_pylist() for b in run([flat])[0]]


def test_rejects_name_the_place() -> None:
    _, rejects = run([[b"good", b""], [b"a\0"]])
    assert rejects == [
        RejectRow("f", "1", Reject.EMPTY_DOCUMENT, "no text", 0),
        RejectRow("f", "2", Reject.NUL_BYTE, "at byte 1", 2),
    ]


def test_blocks_keep_their_bytes_when_the_next_one_is_built() -> None:
    found, _ = run([[b"a" * 20], [b"b" * 20], [b"c" * 20]])
    assert [block.column("text").to_pylist() for block in found] == [[b"a" * 20], [b"b" * 20], [b"c" * 20]]
