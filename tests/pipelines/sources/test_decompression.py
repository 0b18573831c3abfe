from __future__ import annotations

import gzip
import io
import random
import tracemalloc

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.decompression import PIECE_BYTES, decompressed
from pipelines.sources.elements import FileRejected
from schemas.reasons import Reject

# Hardly compressible, so that every part of a stream holds data.
TEXT = random.Random(1).randbytes(3_000_000)


def zst(data: bytes, **options: int) -> bytes:
    return zstandard.ZstdCompressor(level=1, write_checksum=True, **options).compress(data)  # type: ignore[arg-type]


def out(data: bytes, name: str) -> bytes:
    pieces = list(decompressed(pa.PythonFile(io.BytesIO(data), mode="r"), name))
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)
    return b"".join(pieces)


def rejected(data: bytes, name: str) -> FileRejected:
    with pytest.raises(FileRejected) as caught:
        out(data, name)
    return caught.value


@pytest.mark.parametrize("size", [0, 1, 1000, PIECE_BYTES, len(TEXT)])
def test_round_trip(size: int) -> None:
    assert out(TEXT[:size], "a.jsonl") == TEXT[:size]
    assert out(gzip.compress(TEXT[:size], 1), "a.jsonl.gz") == TEXT[:size]
    assert out(zst(TEXT[:size]), "a.jsonl.zst") == TEXT[:size]


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_many_members_and_frames(parts: list[bytes]) -> None:
    assert out(b"".join(map(gzip.compress, parts)), "a.gz") == b"".join(parts)
    assert out(b"".join(map(zst, parts)), "a.zst") == b"".join(parts)


def test_gzip_padding_and_zstd_skippable_frames() -> None:
    assert out(gzip.compress(b"a") + b"\0" * 700_000 + gzip.compress(b"b") + b"\0" * 10, "a.gz") == b"ab"
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    assert out(skippable + zst(b"a") + skippable + zst(b"b") + skippable, "a.zst") == b"ab"


def test_long_windows() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = compressor.compress(b"ab" * 100_000) + compressor.flush()
    assert zstandard.get_frame_parameters(data).window_size == 1 << 31
    assert out(data, "a.zst") == b"ab" * 100_000


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
@pytest.mark.parametrize("members", [1, 2])
def test_every_cut_is_noticed(name: str, members: int) -> None:
    one = gzip.compress(TEXT[:2000]) if name == "a.gz" else zst(TEXT[:2000])
    whole = one * members
    for end in [*range(1, 40), *range(len(whole) - 40, len(whole)), len(whole) // 2 + 7]:
        if end % len(one) == 0:  # a cut between members leaves a complete file; the last line tells then
            continue
        assert rejected(whole[:end], name).reason is Reject.TRUNCATED_FILE, end


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
def test_an_empty_file_is_truncated(name: str) -> None:
    error = rejected(b"", name)
    assert error.reason is Reject.TRUNCATED_FILE
    assert error.detail.startswith("empty: not even one ")


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
def test_damage_is_noticed(name: str) -> None:
    whole = bytearray(gzip.compress(TEXT[:100_000]) if name == "a.gz" else zst(TEXT[:100_000]))
    whole[50_000] ^= 1
    assert rejected(bytes(whole), name).reason is Reject.CORRUPT_FILE


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
def test_another_format_is_corrupt(name: str) -> None:
    error = rejected(b'{"text": "not compressed at all"}\n', name)
    assert error.reason is Reject.CORRUPT_FILE
    good = gzip.compress(b"a") if name == "a.gz" else zst(b"a")
    assert rejected(good + b"trailing words", name).reason is Reject.CORRUPT_FILE


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
def test_a_bomb_takes_little_memory(name: str) -> None:
    zeros = bytes(200_000_000)
    bomb = gzip.compress(zeros, 9) if name == "a.gz" else zst(zeros)
    del zeros
    assert len(bomb) < 200_000  # a thousand to one
    tracemalloc.start()
    try:
        total = sum(map(len, decompressed(pa.PythonFile(io.BytesIO(bomb), mode="r"), name)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 200_000_000
    assert peak < 8 * PIECE_BYTES
