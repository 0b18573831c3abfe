"""Near deduplication by rensa, datasketch, datatrove, text-dedup and BigCode's way: timed, and asked about pairs.

    PEER_PYTHON benchmarks/dedup_peers.py signatures WORK
    PEER_PYTHON benchmarks/dedup_peers.py candidates WORK --system datasketch --documents 100000

Runs in an environment of its own (requirements-peer.txt) and imports nothing of ours. WORK is what `compare_dedup.py`
has written. Signatures: 256 of 5-token shingles, from `str` in memory, document by document or in the library's own
batches. rensa and datasketch take sets and leave it to the caller to make them: here a regular expression finds tokens
as codemill does, and five of them are joined. datatrove and text-dedup come with splitters of their own.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from datasketch import MinHash, MinHashLSH
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.utils.hashing import HashConfig
from datatrove.utils.logging import logger
from numpy.typing import NDArray
from rensa import CMinHash, RMinHash, RMinHashLSH
from text_dedup.minhash import NON_ALPHA, SIGNATURE_COLUMN, embed_func
from text_dedup.utils import UnionFind, ngrams, sha1_hash, xxh3_32hash

SIZE, BANDS, ROWS, SHINGLE = 256, 32, 8, 5
BATCH = 500  # documents that rensa is given at a time
RANGES = [(band * ROWS, (band + 1) * ROWS) for band in range(BANDS)]
_TOKEN = re.compile(r"[0-9A-Za-z_\u0080-\u07ff]+|[^\x00-\u07ff][0-9A-Za-z_\u0080-\u07ff]*")
Signatures = NDArray[Any]


def shingle_list(text: str) -> list[str]:
    """Every 5 consecutive tokens as one string, repetitions included."""
    tokens = _TOKEN.findall(text)
    return [" ".join(found) for found in zip(*(tokens[place:] for place in range(SHINGLE)), strict=False)]


def shingles_alone(texts: list[str]) -> Signatures:
    """No signatures: what the making of shingles costs in Python."""
    return np.array([len(shingle_list(text)) for text in texts])


def rensa(texts: list[str], digest: Callable[..., Any], dtype: type) -> Signatures:
    """Signatures of one of rensa's functions for batches: matrices, or lists of numbers."""
    found: list[Signatures] = []
    for start in range(0, len(texts), BATCH):
        part = digest([shingle_list(text) for text in texts[start : start + BATCH]], SIZE, 1)
        found.append(np.array(part if isinstance(part, list) else part.to_rows(), dtype))
    return np.concatenate(found)


def datasketch_minhash(texts: list[str]) -> Signatures:
    """`MinHash.generator`, which makes the permutations once."""
    sets = ([shingle.encode() for shingle in shingle_list(text)] for text in texts)
    return np.array([found.hashvalues for found in MinHash.generator(sets, num_perm=SIZE)])


def datatrove_signatures(texts: list[str]) -> Signatures:
    """`MinhashDedupSignature` with its own word splitter; nothing is written. Short texts are passed over, as there."""
    step = datatrove_step()
    shingles = (step.get_shingles(text) for text in texts)
    none = np.zeros((BANDS, ROWS), np.uint64)
    found = [step.get_signature(each) if each.size else none for each in shingles]
    return np.array(found, np.uint64).reshape(-1, SIZE)


def datatrove_step() -> Any:
    """The first step of datatrove."""
    config = MinhashConfig(
        n_grams=SHINGLE, num_buckets=BANDS, hashes_per_bucket=ROWS, hash_config=HashConfig(precision=64)
    )
    return MinhashDedupSignature("memory://signatures", config=config)


def text_dedup_signatures(texts: list[str], bits: int) -> Signatures:
    """`embed_func`: 64 bits are its default (SHA-1, and BigCode's arithmetic), 32 its fastest (xxh3)."""
    legacy = bits == 64
    dtype: Any = np.uint64 if legacy else np.uint32
    prime = np.uint64((1 << 61) - 1) if legacy else np.uint32((1 << 32) - 5)
    random = np.random.RandomState(42)
    options = {
        "num_perm": SIZE,
        "ngram_size": SHINGLE,
        "min_length": SHINGLE,
        "hashranges": RANGES,
        "permutations": (random.randint(1, prime, SIZE, dtype), random.randint(0, prime, SIZE, dtype)),
        "hash_func": partial(sha1_hash, d=32) if legacy else xxh3_32hash,
        "dtype": dtype,
        "max_hash": np.uint32((1 << 32) - 1),
        "modulo_prime": prime,
    }
    found = [b"".join(embed_func(text, 0, **options)[SIGNATURE_COLUMN]) for text in texts]
    return np.frombuffer(b"".join(found), dtype).reshape(-1, SIZE)


def datatrove_sets(texts: list[str]) -> list[set[Any]]:
    """What datatrove takes a document's set to be."""
    step = datatrove_step()
    return [set(step.get_shingles(text).ravel().tolist()) for text in texts]


def text_dedup_sets(texts: list[str]) -> list[set[Any]]:
    """What text-dedup takes a document's set to be."""
    return [set(ngrams(NON_ALPHA.split(text.lower()), SHINGLE, SHINGLE)) for text in texts]


Sets = Callable[[list[str]], list[set[Any]]]
SIGNATURES: dict[str, tuple[Callable[[list[str]], Signatures], Sets | None]] = {
    "rensa, RMinHash": (partial(rensa, digest=RMinHash.digest_matrix_from_token_sets, dtype=np.uint32), None),
    "rensa, CMinHash": (partial(rensa, digest=CMinHash.digests64_from_token_sets, dtype=np.uint64), None),
    "rensa, rho": (partial(rensa, digest=RMinHash.digest_matrix_from_token_sets_rho, dtype=np.uint32), None),
    "datasketch, MinHash": (datasketch_minhash, None),
    "datatrove, its splitter": (datatrove_signatures, datatrove_sets),
    "text-dedup, 32 bits, xxh3": (partial(text_dedup_signatures, bits=32), text_dedup_sets),
    "text-dedup, default (BigCode's arithmetic)": (partial(text_dedup_signatures, bits=64), text_dedup_sets),
    "Python's shingles alone": (shingles_alone, None),
}


def exact(sets: list[set[Any]]) -> list[float]:
    """The Jaccard similarity of each even document with the one behind it."""
    return [len(one & other) / max(len(one | other), 1) for one, other in zip(sets[::2], sets[1::2], strict=True)]


def compare_signatures(work: Path, seconds: float) -> dict[str, Any]:
    """Speed of each system on as much text as it does in about `seconds`, and what it thinks of the pairs.

    Read are texts.parquet, and pairs.parquet, in which each even document makes a pair with the one behind it. Written
    is SYSTEM.npz for each system with signatures: estimate, its own exact similarity, whether some band is equal.
    """
    texts = pq.read_table(work / "texts.parquet")["text"].to_pylist()
    pairs = pq.read_table(work / "pairs.parquet")["text"].to_pylist()
    found = {}
    for place, (name, (run, sets)) in enumerate(SIGNATURES.items()):
        run(texts[:50])
        count, clock = 100, 0.0
        while True:
            begin = time.perf_counter()
            run(texts[:count])
            clock = time.perf_counter() - begin
            if clock > seconds / 2 or count >= len(texts):
                break
            count = min(int(count * min(max(seconds / clock, 1.5), 20)), len(texts))
        size = sum(len(text.encode()) for text in texts[:count])
        found[name] = {"file": f"peer-{place}", "bytes": size, "documents": min(count, len(texts)), "seconds": clock}
        if name != "Python's shingles alone":
            rows = run(pairs)
            equal = rows[::2] == rows[1::2]
            bands = equal.reshape(-1, BANDS, ROWS).all(axis=2).any(axis=1)
            own = exact(sets(pairs)) if sets else []
            np.savez(work / f"peer-{place}.npz", estimate=equal.mean(axis=1), own=own, bands=bands)
    values, offsets = np.load(work / "values.npy"), np.load(work / "offsets.npy")
    begin = time.perf_counter()
    RMinHash.digest_matrix_from_flat_token_hashes(values, offsets, SIZE, 1)
    clock = time.perf_counter() - begin
    size = sum(len(text.encode()) for text in texts)
    found["rensa, RMinHash, of ready hashes"] = {"bytes": size, "documents": len(texts), "seconds": clock}
    return found


def memory(name: str) -> int:
    """Bytes that /proc says of this process: VmRSS now, VmHWM at its largest."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def datasketch_survivors(signatures: Signatures) -> int:
    """Documents left when each, in turn, is asked for, and inserted unless it has a neighbour."""
    index = MinHashLSH(num_perm=SIZE, params=(BANDS, ROWS))
    permutations = MinHash(num_perm=SIZE).permutations
    left = 0
    for number, bins in enumerate(signatures):
        found = MinHash(hashvalues=bins, permutations=permutations, scheme="affine32")
        if not index.query(found):
            index.insert(number, found)
            left += 1
    return left


def bigcode_clusters(signatures: Signatures) -> int:
    """text-dedup's and BigCode's loop: dictionaries of sets, then union-find; a cluster leaves one document."""
    tables: list[dict[bytes, set[int]]] = [defaultdict(set) for _ in RANGES]
    clusters = UnionFind()
    for number, bins in enumerate(signatures):
        for table, (start, end) in zip(tables, RANGES, strict=True):
            table[bytes(bins[start:end].byteswap().data)].add(number)
    for table in tables:
        for members in table.values():
            if len(members) > 1:
                first = min(members)
                for member in members:
                    clusters.union(member, first)
    return sum(clusters.find(number) == number for number in range(len(signatures)))


def measure_candidates(work: Path, system: str, documents: int) -> dict[str, Any]:
    """Seconds and extra memory from signatures in memory to what is left, for the first `documents` of them."""
    if system == "rensa":
        offsets = np.load(work / "offsets.npy")[: documents + 1]
        values = np.load(work / "values.npy", mmap_mode="r")[: offsets[-1]].copy()
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(values, offsets, SIZE, 1)
        run = partial(flagged, matrix)
    else:
        signatures = np.load(work / "signatures.npy", mmap_mode="r")[:documents].copy()
        run = partial({"datasketch": datasketch_survivors, "bigcode": bigcode_clusters}[system], signatures)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM starts again
    before = memory("VmRSS")
    begin = time.perf_counter()
    left = run()
    return {"seconds": time.perf_counter() - begin, "memory": memory("VmHWM") - before, "left": left}


def flagged(matrix: Any) -> int:
    """Documents that rensa's LSH says have no neighbour; it does not choose among those that have."""
    return int(np.count_nonzero(~np.array(RMinHashLSH(0.8, SIZE, BANDS).query_duplicate_flags_matrix_one_shot(matrix))))


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("signatures", "candidates"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--seconds", type=float, default=20, help="for each system's signatures")
    parser.add_argument("--system", choices=("datasketch", "bigcode", "rensa"), default="datasketch")
    parser.add_argument("--documents", type=int, default=100_000)
    arguments = parser.parse_args()
    logger.remove()
    if arguments.part == "signatures":
        result = compare_signatures(arguments.work, arguments.seconds)
    else:
        result = measure_candidates(arguments.work, arguments.system, arguments.documents)
    versions = {name: version(name) for name in ("rensa", "datasketch", "datatrove", "text-dedup")}
    print(json.dumps({"versions": versions, "result": result}))


if __name__ == "__main__":
    main()
