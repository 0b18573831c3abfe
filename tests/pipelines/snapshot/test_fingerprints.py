from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.snapshot.fingerprints import fingerprints_table, group_bounds, look_up, read_texts
from pipelines.tables import write_table
from schemas.documents import BAND_SCHEMA, bands_name, document_key, fingerprints_name

SIGNATURE = b"s" * 1024
OUTCOMES = ["kept", "near_duplicate", "exact_duplicate", "kept", "filtered:rule"]


def made(texts: list[bytes], outcomes: list[str], signed: list[bool]) -> pa.Table:
    signatures = pa.array([SIGNATURE if has else None for has in signed], pa.binary(1024))
    block = pa.table({"signature": signatures, "text": pa.array(texts, pa.large_binary())})
    return fingerprints_table(block, pa.chunked_array([outcomes], pa.string()))


def test_kept_are_kept_whole_and_the_searched_without_text() -> None:
    table = made([b"a", b"b", b"c", b"d", b"e"], OUTCOMES, [True, True, True, False, False])
    assert table["text"].to_pylist() == [b"a", None, None, None, None]
    assert [s is not None for s in table["signature"].to_pylist()] == [True, True, False, False, False]


def test_texts_are_read_by_key_over_blocks_and_row_groups(tmp_path: Path) -> None:
    texts = [bytes([65 + i]) * 100_000 for i in range(9)]
    table = made(texts, ["kept"] * 9, [True] * 9)
    bounds = group_bounds(table)
    assert bounds[0] == 0 and bounds[-1] == 9 and len(bounds) > 3
    for block in range(2):
        write_table(str(tmp_path / fingerprints_name(block)), table, bounds=bounds)
    keys = [document_key(1, 8), document_key(0, 0), document_key(0, 7), document_key(0, 1)]
    found, read = read_texts(str(tmp_path), keys)
    assert found == sorted(keys)
    assert [read.document(i) for i in range(4)] == [texts[0], texts[1], texts[7], texts[8]]


def test_nothing_is_no_row_group(tmp_path: Path) -> None:
    table = made([], [], [])
    write_table(str(tmp_path / "empty.parquet"), table, bounds=group_bounds(table))
    assert group_bounds(table) == [0]


def test_a_look_up_finds_every_document_of_a_band_key_and_no_other(tmp_path: Path) -> None:
    parts, rng = 4, np.random.default_rng(5)
    keys = np.sort(np.r_[rng.integers(0, 2**64, 400, np.uint64), np.repeat(rng.integers(0, 2**64, 9, np.uint64), 3)])
    documents = np.arange(keys.size, dtype=np.uint64)
    for part in range(parts):
        rows = np.flatnonzero(keys >> np.uint64(62) == part)
        table = pa.table([keys[rows], documents[rows]], BAND_SCHEMA)
        bounds = [0, 20, 40, table.num_rows]
        write_table(str(tmp_path / bands_name(part, parts)), table, bounds=bounds, statistics=["band_key"])
    wanted = np.r_[keys[::17], rng.integers(0, 2**64, 20, np.uint64)]
    found = look_up(str(tmp_path), parts, wanted)
    assert sorted(found.tolist()) == documents[np.isin(keys, wanted)].tolist()
    assert look_up(str(tmp_path), parts, keys[:0]).size == 0
