"""What compare_dedup.py measures of codemill itself; each function runs in a process of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.compare_filters import fastest
from benchmarks.planted import Pair, clustered, clusters, keyed, namesakes, plant, templated
from buffers.texts import Texts
from dedup.band_pairs import band_pairs
from dedup.bands import band_keys
from dedup.shingles import shingle_sets
from dedup.sketch import sketch
from dedup.survivors import survivors
from dedup.verify import verify
from filtering.languages import language_of
from schemas.config import NearConfig

NEAR = NearConfig()
CHUNK = 20_000  # synthetic documents made at a time
HEADER, BODY, STUB = 150, 100, 120  # words
GIANT_BYTES = 50_000_000
PAIRS_OF_A_TENTH = 300
Result: TypeAlias = dict[str, Any]
Sets: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.int64]]


def apart(function: Callable[..., Result], *arguments: Any) -> Result:
    """The result of a function in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def metered(run: Callable[[], Result]) -> Result:
    """What a run returns, with its `seconds` and the bytes of `memory` that it took beyond those held before."""

    def resident(name: str) -> int:
        return int(re.findall(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[0]) << 10

    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM starts again
    before, begin = resident("VmRSS"), time.perf_counter()
    result = run()
    return result | {"seconds": time.perf_counter() - begin, "memory": resident("VmHWM") - before}


def texts_of(words: NDArray[np.uint8]) -> Texts:
    """Synthetic documents as texts."""
    size = words[0].size
    return Texts(np.concatenate([words.ravel(), np.zeros(64, np.uint8)]), np.arange(len(words) + 1) * size)


def near(signatures: NDArray[np.uint32], sets: Sets | None) -> Result:
    """Candidates and survivors of documents ranked as they come; without sets every candidate counts as a duplicate."""
    keys = np.arange(len(signatures), dtype=np.uint64)
    order = np.zeros_like(keys)
    bands = band_keys(signatures, NEAR.bands, NEAR.rows)
    higher, lower, stats = band_pairs(bands, keys, order, keys, NEAR.bucket_cap)
    jaccard = np.ones(higher.size)
    if sets:
        jaccard, containment = verify(*sets, higher.astype(np.int64), lower.astype(np.int64))
        sizes = np.diff(sets[1])
        similar = jaccard >= NEAR.jaccard
        if NEAR.containment is not None:
            similar |= (containment >= NEAR.containment) & (sizes[higher] >= sizes[lower])
        higher, lower, jaccard = higher[similar], lower[similar], jaccard[similar]
    drops = survivors(higher, lower, jaccard, keys, order, keys)
    return {
        "documents": keys.size,
        "pairs": stats.pairs,
        "verified": higher.size,
        "largest": stats.largest_bucket,
        "capped": stats.capped_buckets,
        "left": keys.size - drops.dropped.size,
    }


def near_of_texts(texts: Texts) -> Result:
    """Everything from text on."""
    return near(sketch(texts)[0], shingle_sets(texts))


def warm_up() -> None:
    """Load all kernels."""
    near_of_texts(texts_of(templated(100, STUB, np.array([20]))))


def write_synthetic(work: Path, documents: int, with_sets: bool) -> Result:
    """Signatures of clustered documents, and their sets where those are wanted, for one size."""
    cluster = clusters(documents)
    signatures = np.lib.format.open_memmap(work / "signatures.npy", "w+", np.uint32, (documents, 256))
    values, counts = [], [np.zeros(1, np.int64)]
    for start in range(0, documents, CHUNK):
        texts = texts_of(clustered(cluster[start : start + CHUNK], start))
        signatures[start : start + CHUNK] = sketch(texts)[0]
        if with_sets:
            part, offsets = shingle_sets(texts)
            values.append(part)
            counts.append(np.diff(offsets))
    if with_sets:
        np.save(work / "values.npy", np.concatenate(values))
        np.save(work / "offsets.npy", np.cumsum(np.concatenate(counts)))
    return {}


def measure_synthetic(work: Path, with_sets: bool) -> Result:
    """Candidates to survivors, from signatures (and sets) in memory."""
    warm_up()
    signatures = np.load(work / "signatures.npy")
    sets = (np.load(work / "values.npy"), np.load(work / "offsets.npy")) if with_sets else None
    return metered(lambda: near(signatures, sets))


def measure_hot(documents: int, tokens: int, own: NDArray[np.int64]) -> Result:
    """Sketches to survivors of documents of one template."""
    warm_up()
    texts = texts_of(templated(documents, tokens, own))
    return metered(lambda: near_of_texts(texts))


def measure_giant(distinct: int) -> Result:
    """The sketch of one giant document and its shingle set; the same `distinct` words come again and again."""
    warm_up()
    words = templated(1, distinct, np.zeros(0, np.int64))
    texts = texts_of(np.tile(words, (1, -(-GIANT_BYTES // words[0].size), 1)))
    bins = metered(lambda: {"shingles": int(sketch(texts)[1][0])})
    return bins | {"set": metered(lambda: {"size": shingle_sets(texts)[0].size})}


def read_code(corpus: Path) -> dict[str, bytes]:
    """The corpus's code by path."""
    tables = [pq.read_table(path, columns=["path", "content"]) for path in sorted((corpus / "code").glob("*.parquet"))]
    table = pa.concat_tables(tables)
    return {p: text.encode() for p, text in zip(table["path"].to_pylist(), table["content"].to_pylist(), strict=True)}


def first_bytes(documents: dict[str, bytes], size: float) -> Iterator[bytes]:
    """Documents until they are so many bytes."""
    for text in documents.values():
        if size <= 0:
            return
        size -= len(text)
        yield text


def spread(pairs: list[Pair], most: int) -> list[int]:
    """Which pairs to take to have at most so many of each tenth of the range of Jaccard similarities."""
    tenths: list[list[int]] = [[] for _ in range(10)]
    for i in keyed("spread").permutation(len(pairs)).tolist():
        tenths[min(int(pairs[i].jaccard * 10), 9)].append(i)
    return [i for tenth in tenths for i in tenth[:most]]


def write_texts(work: Path, documents: dict[str, bytes], megabytes: float, files: int) -> list[Pair]:
    """Write texts.parquet and pairs.parquet, and the shingle hashes of the former; returns the pairs."""
    texts = list(first_bytes(documents, megabytes * 1e6))
    usual = {path: text for path, text in documents.items() if 1_500 < len(text) < 40_000}
    bases = [(text, language_of(path)) for path, text in usual.items()]
    bases = [base for base in bases if base[1] in ("python", "c", "javascript")]
    chosen = keyed("bases").permutation(len(bases))[:files].tolist()
    real = list(namesakes(usual))
    pairs = [*plant([bases[i] for i in sorted(chosen)]), *(real[i] for i in spread(real, PAIRS_OF_A_TENTH // 2))]
    both = [text for pair in pairs for text in (pair.base, pair.edited)]
    for name, column in (("texts", texts), ("pairs", both)):
        pq.write_table(pa.table({"text": pa.array(column, pa.binary()).cast(pa.string())}), work / f"{name}.parquet")
    for name, array in zip(("values", "offsets"), shingle_sets(Texts.from_list(texts)), strict=True):
        np.save(work / f"{name}.npy", array)
    return pairs


def measure_signatures(work: Path) -> Result:
    """Seconds of sketching texts.parquet; written is codemill.npz, with what it makes of pairs.parquet."""
    texts, pairs = (Texts.from_arrow(pq.read_table(work / f"{name}.parquet")["text"]) for name in ("texts", "pairs"))
    bins = sketch(pairs)[0]
    equal = (bins[::2] == bins[1::2]).mean(axis=1)
    keys = band_keys(bins, NEAR.bands, NEAR.rows)
    met = (keys[::2] == keys[1::2]).any(axis=1)
    jaccard, _ = verify(*shingle_sets(pairs), np.arange(0, len(pairs), 2), np.arange(1, len(pairs), 2))
    np.savez(work / "codemill.npz", estimate=equal, own=[], bands=met, dropped=met & (jaccard >= NEAR.jaccard))
    seconds = fastest(lambda: sketch(texts))
    return {"file": "codemill", "bytes": int(texts.offsets[-1]), "documents": len(texts), "seconds": seconds}
