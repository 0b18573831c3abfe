import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from buffers.texts import Texts
from dedup.bands import band_keys
from dedup.shingles import make_scratch, shingle_sets
from dedup.sketch import BINS, fold_first, fold_later, settle_first, sketch
from dedup.verify import verify
from filtering.signals import SIGNALS, Batch, compute_signals
from tests.dedup import plain
from tests.dedup.strategies import HOSTILE

ROOT = Path(__file__).resolve().parents[2]
GOLDEN_TEXT = b"def add(a, b):\n    return a + b  # na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac\n"
GOLDEN_BINS = [3301144111, 3548426833, 2394260270, 3206857935]
GOLDEN_BAND_KEYS = ["0x2ef68e4943069a", "0xa8143144db57cc95"]
GOLDEN_FINGERPRINT = "360b46a4eb13fc8342aa49cc88b22eeb842ad8cb71ac9a521132c824a5cdf42f"


@given(st.lists(HOSTILE, max_size=3))
@example([b"", b"a b c d", b"a b c d e"])
def test_equals_the_plain_sketch(documents: list[bytes]) -> None:
    signatures, counts = sketch(Texts.from_list(documents))
    assert signatures.dtype == np.uint32 and signatures.shape == (len(documents), BINS)
    assert counts.dtype == np.int64
    shingles = [plain.shingles(document) for document in documents]
    assert counts.tolist() == [len(found) for found in shingles]
    assert signatures.tolist() == [plain.sketch(found) for found in shingles]


def test_long_documents_equal_the_plain_sketch_in_any_scratch() -> None:
    documents = [b" ".join(b"w%d" % (i % distinct) for i in range(4000)) for distinct in (1, 40, 700, 4000)]
    texts = Texts.from_list(documents)
    expected = [plain.sketch(plain.shingles(document)) for document in documents]
    for scratch in (None, make_scratch(64, 256), make_scratch(128, 1024)):
        signatures, counts = sketch(texts, None, scratch)
        assert signatures.tolist() == expected
        assert counts.tolist() == [3996] * 4


def test_rows_choose_documents() -> None:
    texts = Texts.from_list([b"a b c d e f", b"", b"g h i j k l", b"x"])
    signatures, counts = sketch(texts)
    assert counts.tolist() == [2, 0, 2, 0]
    assert (signatures[counts == 0] == 0xFFFFFFFF).all()
    for rows in (np.array([2, 0]), np.array([True, False, True, False])):
        chosen, _ = sketch(texts, rows)
        assert chosen.tolist() == signatures[np.flatnonzero(rows) if rows.dtype == bool else rows].tolist()
    assert sketch(texts, np.array([], np.int64))[0].shape == (0, BINS)


def test_values_that_look_empty_fill_no_bin_before_the_last_rounds() -> None:
    # Set by hand: no text at hand hashes to such a value in round 0.
    shingles = np.array([0xFFFFFFFF], np.uint64)
    bins = np.full(BINS, 0xFFFFFFFF, np.uint32)
    filled_in = np.zeros(BINS, np.int64)
    fold_first(shingles, 1, bins)
    empty = settle_first(bins, filled_in)
    assert empty == BINS
    turn = 0
    while empty:
        turn += 1
        empty -= fold_later(shingles, 1, turn, bins, filled_in)
    assert turn < 2 * BINS
    assert bins.tolist() == plain.sketch([0xFFFFFFFF])


def test_hostile_giants() -> None:
    giant = b"a" * 10_000_000
    repeated = b"a b c d e " * 500_000
    signatures, counts = sketch(Texts.from_list([giant, repeated, b"\xff" * 100_000]))
    assert counts.tolist() == [0, 2_499_996, 99_996]
    assert signatures[1].tolist() == plain.sketch(plain.shingles(b"a b c d e " * 2))
    assert signatures[2].tolist() == plain.sketch(plain.shingles(b"\xff" * 5))


def test_estimates_the_jaccard_similarity() -> None:
    # Pairs that share a part of their words; the root mean square error of 256 permutations would be at most 0.031.
    rng = np.random.default_rng(7)
    documents = []
    for pair in range(300):
        size, common = int(rng.integers(20, 2000)), rng.random()
        shared = int(size * common)
        for side in range(2):
            own = (b"p%d_s%d_w%d" % (pair, side, i) for i in range(size - shared))
            documents.append(b" ".join([*(b"p%d_w%d" % (pair, i) for i in range(shared)), *own]))
    texts = Texts.from_list(documents)
    signatures, _ = sketch(texts)
    left, right = np.arange(0, 600, 2), np.arange(1, 600, 2)
    exact, _ = verify(*shingle_sets(texts), left, right)
    errors = (signatures[left] == signatures[right]).mean(axis=1) - exact
    assert exact.min() < 0.05 and exact.max() > 0.95
    assert abs(errors.mean()) < 0.005
    assert np.sqrt((errors**2).mean()) < 0.025


def fingerprint() -> str:
    """A digest over what every kernel says about texts of all kinds."""
    documents = [bytes(range(i, 256)) * 3 + b" ".join(b"w%d" % (j * i % 97) for j in range(400)) for i in range(40)]
    texts = Texts.from_list([GOLDEN_TEXT, b"", *documents])
    signatures, counts = sketch(texts)
    values, offsets = shingle_sets(texts)
    pairs = np.arange(2, 41)
    results: list[NDArray[Any]] = [
        signatures,
        counts,
        values,
        offsets,
        band_keys(signatures),
        *verify(values, offsets, pairs, pairs + 1),
    ]
    named = [name for name in SIGNALS if name not in ("language_probability", "python_parses")]
    results += compute_signals(Batch(texts, ["python", "c", "html"] * 14, ["a/b"] * len(texts)), named).values()
    return hashlib.sha256(b"".join(result.tobytes() for result in results)).hexdigest()


def test_golden_vectors() -> None:
    signatures, counts = sketch(Texts.from_list([GOLDEN_TEXT]))
    assert counts.tolist() == [6]
    assert signatures[0, :4].tolist() == GOLDEN_BINS
    assert [hex(key) for key in band_keys(signatures)[0, :2].tolist()] == GOLDEN_BAND_KEYS
    assert fingerprint() == GOLDEN_FINGERPRINT


@pytest.mark.slow
def test_a_processor_without_vector_extensions_computes_the_same() -> None:
    script = "from tests.dedup.test_sketch import fingerprint; print(fingerprint())"
    environment = os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == GOLDEN_FINGERPRINT
