import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.survivors import Drops, survivors

Rank = tuple[int, int, int]
Edge = tuple[Rank, Rank, float]  # higher, lower, jaccard; a rank is (order, id hash, key)


@st.composite
def graphs(draw: st.DrawFn) -> list[Edge]:
    keys = draw(st.permutations(range(draw(st.integers(2, 9)))))
    documents = sorted((draw(st.integers(0, 2)), draw(st.integers(0, 1)), key) for key in keys)
    places = st.integers(0, len(documents) - 1)
    pairs = draw(st.sets(st.tuples(places, places).filter(lambda pair: pair[0] < pair[1]), max_size=20))
    return [(documents[a], documents[b], draw(st.sampled_from([0.7, 0.8, 1.0]))) for a, b in sorted(pairs)]


def drops_of(edges: list[Edge], listed: set[Rank] | None = None) -> Drops:
    documents = {rank for higher, lower, _ in edges for rank in (higher, lower)} if listed is None else listed
    order, id_hash, keys = np.array(sorted(documents, key=lambda rank: -rank[2]), np.uint64).reshape(-1, 3).T
    higher = np.array([higher[2] for higher, _, _ in edges], np.uint64)
    lower = np.array([lower[2] for _, lower, _ in edges], np.uint64)
    return survivors(higher, lower, np.array([jaccard for _, _, jaccard in edges]), keys, order, id_hash)


def plain_survivors(edges: list[Edge]) -> list[tuple[int, int, int]]:
    documents = sorted({rank for higher, lower, _ in edges for rank in (higher, lower)})
    alive = set(documents)
    drops = []
    for document in documents:
        proofs = [
            (-jaccard, higher, edge)
            for edge, (higher, lower, jaccard) in enumerate(edges)
            if lower == document and higher in alive
        ]
        if proofs:
            alive.remove(document)
            _, kept, edge = min(proofs)
            drops.append((document[2], kept[2], edge))
    return sorted(drops)


@given(graphs(), st.randoms(use_true_random=False))
def test_equals_the_plain_walk_in_any_edge_order(edges: list[Edge], random: object) -> None:
    for _ in range(2):
        drops = drops_of(edges)
        assert list(zip(*(part.tolist() for part in drops), strict=True)) == plain_survivors(edges)
        random.shuffle(edges)  # type: ignore[attr-defined]


@given(graphs())
def test_survivors_are_independent_and_every_drop_leads_to_one(edges: list[Edge]) -> None:
    drops = drops_of(edges)
    dropped = set(drops.dropped.tolist())
    assert dropped.isdisjoint(drops.kept.tolist())
    assert all(higher[2] in dropped or lower[2] in dropped for higher, lower, _ in edges)


def test_a_chain_is_not_followed() -> None:
    # a ~ b ~ c: b is dropped for a, and c, which is near b only, stays.
    a, b, c = (0, 0, 10), (1, 0, 11), (2, 0, 12)
    drops = drops_of([(b, c, 0.9), (a, b, 0.9)])
    assert (drops.dropped.tolist(), drops.kept.tolist(), drops.edge.tolist()) == ([11], [10], [1])


def test_repeated_edges_and_no_edges() -> None:
    a, b = (0, 0, 1), (0, 1, 2)
    drops = drops_of([(a, b, 0.8), (a, b, 0.9)])
    assert (drops.dropped.tolist(), drops.kept.tolist(), drops.edge.tolist()) == ([2], [1], [1])
    assert [part.size for part in drops_of([])] == [0, 0, 0]


def test_documents_without_edges_may_be_listed() -> None:
    a, b, other = (0, 0, 1), (0, 1, 2), (0, 0, 0)
    assert drops_of([(a, b, 0.9)], {a, b, other}).dropped.tolist() == [2]


def test_a_star_of_two_hundred_thousand() -> None:
    n = 200_000
    keys = np.arange(n + 1, dtype=np.uint64)[::-1].copy()
    center = np.zeros(n, np.uint64)
    drops = survivors(center, keys[:-1], np.ones(n), keys, keys, keys)
    assert drops.dropped.tolist() == list(range(1, n + 1))
    assert set(drops.kept.tolist()) == {0}


def test_edges_that_contradict_the_documents_are_refused() -> None:
    a, b = (0, 0, 1), (0, 1, 2)
    for edge in ((b, a, 0.9), (a, a, 0.9)):
        with pytest.raises(ValueError, match="better to a worse"):
            drops_of([edge])
    with pytest.raises(ValueError, match="not a number"):
        drops_of([(a, b, float("nan"))])
    with pytest.raises(ValueError, match="1 edges name documents that are not listed"):
        drops_of([(a, b, 0.9)], {a})
    with pytest.raises(ValueError, match="listed twice"):
        drops_of([(a, b, 0.9)], {a, b, (5, 1, 2)})
