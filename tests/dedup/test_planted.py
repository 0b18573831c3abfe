"""Edits planted in real files are found, and nothing is dropped that plain Python would not call a duplicate."""

import hashlib
import sysconfig
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from benchmarks.planted import EDITS, NEGATIVES, Pair, keyed, plant, program, shingles, similarity
from buffers.texts import Texts
from dedup.bands import band_keys
from dedup.candidates import candidate_pairs
from dedup.rank import rank_order
from dedup.shingles import shingle_sets
from dedup.sketch import sketch
from dedup.survivors import survivors
from dedup.verify import verify
from schemas.config import NearConfig

pytestmark = pytest.mark.slow

NEAR = NearConfig()
assert NEAR.containment is not None
CONTAINMENT = NEAR.containment
FILES = 60


class Found(NamedTuple):
    """What codemill says about a list of documents."""

    verified: dict[tuple[int, int], float]
    """Jaccard similarity of each pair (better ranked, worse ranked)."""
    kept_for: dict[int, int]
    """For each dropped document the one that is kept."""


@cache
def base_files() -> list[tuple[bytes, str]]:
    """Files of the standard library, and programs in C and JavaScript, of which it has none."""
    library = Path(sysconfig.get_paths()["stdlib"])
    names = sorted(path.name for path in library.glob("*.py") if 3_000 < path.stat().st_size < 40_000)
    chosen = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:FILES]
    files = [((library / name).read_bytes(), "python") for name in chosen]
    assert len(files) == FILES
    for language in ("c", "javascript"):
        files += [(program(language, keyed("base", language, i), 6 + i), language) for i in range(15)]
    return files


@cache
def pairs() -> list[Pair]:
    return list(plant(base_files()))


@cache
def documents() -> list[bytes]:
    """Every text of every pair, each once, from the best ranked to the worst: the longest first."""
    texts = {text for pair in pairs() for text in (pair.base, pair.edited)}
    return sorted(texts, key=lambda text: (-len(text), text))


@cache
def found() -> Found:
    """The steps of near deduplication, without Beam."""
    texts = Texts.from_list(documents())
    signatures, counts = sketch(texts)
    assert (counts > 0).all()
    keys = np.arange(len(texts), dtype=np.uint64)
    order = rank_order(0, 0, 0, texts.lengths())
    made = [
        candidate_pairs(np.ascontiguousarray(column), keys, order, keys, NEAR.bucket_cap)[:2]
        for column in band_keys(signatures, NEAR.bands, NEAR.rows).T
    ]
    higher, lower = np.unique(np.concatenate([np.stack(part) for part in made], axis=1), axis=1).astype(np.int64)
    values, offsets = shingle_sets(texts)
    jaccard, containment = verify(values, offsets, higher, lower)
    sizes = np.diff(offsets)
    similar = (jaccard >= NEAR.jaccard) | (containment >= CONTAINMENT) & (sizes[higher] >= sizes[lower])
    edges = [part[similar] for part in (higher, lower, jaccard)]
    drops = survivors(edges[0].astype(np.uint64), edges[1].astype(np.uint64), edges[2], keys, order, keys)
    verified = {(one, other): value for one, other, value in zip(*(part.tolist() for part in edges), strict=True)}
    return Found(verified, dict(zip(drops.dropped.tolist(), drops.kept.tolist(), strict=True)))


def plain_duplicate(jaccard: float, containment: float, higher: int, lower: int) -> bool:
    return jaccard >= NEAR.jaccard or (containment >= CONTAINMENT and higher >= lower)


@cache
def plain_drops() -> set[int]:
    """By comparing everything with everything in plain Python: who has a better ranked duplicate that is kept."""
    kept: list[int] = []
    sizes: dict[int, int] = {}
    holders: dict[tuple[bytes, ...], list[int]] = defaultdict(list)
    dropped = set()
    for number, text in enumerate(documents()):
        own = shingles(text)
        common = Counter(other for shingle in own for other in holders[shingle])
        if any(
            plain_duplicate(both / (sizes[other] + len(own) - both), both / len(own), sizes[other], len(own))
            for other, both in common.items()
        ):
            dropped.add(number)
            continue
        kept.append(number)
        sizes[number] = len(own)
        for shingle in own:
            holders[shingle].append(number)
    return dropped


def test_the_set_has_pairs_on_both_sides_of_the_threshold() -> None:
    near = Counter(pair.kind for pair in pairs() if pair.jaccard >= NEAR.jaccard)
    far = Counter(pair.kind for pair in pairs() if pair.jaccard < NEAR.jaccard)
    assert all(near[kind] >= 5 for kind in EDITS)
    assert sum(far[kind] for kind in EDITS) >= 100
    assert all(near[kind] == 0 and far[kind] >= 50 for kind in NEGATIVES)
    assert {pair.kind for pair in pairs()} == {*EDITS, *NEGATIVES}


@pytest.mark.parametrize("kind", EDITS)
def test_recall_of_each_kind_of_edit(kind: str) -> None:
    number = {text: i for i, text in enumerate(documents())}
    wanted = {}
    for pair in pairs():
        one, other = sorted((number[pair.base], number[pair.edited]))
        if pair.kind == kind and pair.jaccard >= NEAR.jaccard and one != other:
            wanted[one, other] = pair.jaccard
    verified = found().verified
    hits = wanted.keys() & verified.keys()
    assert len(hits) >= 0.95 * len(wanted) > 0
    assert {hit: verified[hit] for hit in hits} == {hit: wanted[hit] for hit in hits}  # both count the same sets


def test_every_removal_is_of_a_duplicate_of_a_kept_document() -> None:
    kept_for = found().kept_for
    assert len(kept_for) > 100
    assert kept_for.keys().isdisjoint(kept_for.values())
    for lower, higher in kept_for.items():
        one, other = shingles(documents()[higher]), shingles(documents()[lower])
        assert plain_duplicate(*similarity(one, other), len(one), len(other))


def test_f1_of_the_labels() -> None:
    predicted, expected = set(found().kept_for), plain_drops()
    right = len(predicted & expected)
    assert 2 * right / (len(predicted) + len(expected)) >= 0.95
    assert len(expected) > 100 and len(documents()) - len(expected) > 100


def test_files_that_share_a_header_or_boilerplate_stay() -> None:
    number = {text: i for i, text in enumerate(documents())}
    for pair in pairs():
        if pair.kind in NEGATIVES:
            one, other = sorted((number[pair.base], number[pair.edited]))
            assert found().kept_for.get(other) != one
