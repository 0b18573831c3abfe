from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dedup.rounds import KEPT, UNDECIDED, Part, advance, asks, listen, prepare, proofs
from dedup.survivors import Drops, survivors

Pairs = NDArray[Any]
U64s = NDArray[np.uint64]
Owner = Callable[[U64s], NDArray[np.int64]]
RANKS = ("higher_order", "higher_id", "lower_order", "lower_id")
PAIR_ROW = np.dtype([(name, "<u8") for name in ("higher", "lower", *RANKS)] + [("jaccard", "<f8")])
NO_NEWS = np.zeros(0, np.uint64), np.zeros(0, np.bool_)


class Outcome(NamedTuple):
    drops: Drops | None  # None: documents stayed undecided
    kept: set[int]
    rounds: int
    sent: int  # messages: asks and news


class Graph(NamedTuple):
    pairs: Pairs
    owners: dict[int, int]
    partitions: int

    def owner(self, keys: U64s) -> NDArray[np.int64]:
        return np.array([self.owners[int(key)] for key in keys], np.int64)


def pairs_of(edges: Any, jaccard: Any, ranks: Any) -> Pairs:
    """Edges [pairs, 2] between places in `ranks` [n, 3], which are (order, id, key) from the best to the worst."""
    pairs = np.zeros(len(edges), PAIR_ROW)
    ends = np.array(edges, np.int64).reshape(-1, 2).T
    for end, places in zip(("higher", "lower"), ends, strict=True):
        columns = np.array(ranks, np.uint64)[places].T
        pairs[f"{end}_order"], pairs[f"{end}_id"], pairs[end] = columns
    pairs["jaccard"] = jaccard
    return pairs


def plain_pairs(edges: list[tuple[int, int]]) -> Pairs:
    """Equal similarities; a document is its own key and rank."""
    return pairs_of(edges, [0.9] * len(edges), [(key, 0, key) for key in range(1 + max(map(max, edges)))])


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    n = draw(st.integers(2, 24))
    keys = draw(st.lists(st.integers(0, 2**64 - 1), min_size=n, max_size=n, unique=True))
    # Few different orders and ids, so that many ranks are decided by the key.
    ranks = sorted((draw(st.integers(0, 2)), draw(st.integers(0, 1)), key) for key in keys)
    places = st.integers(0, n - 1)
    edge = st.tuples(places, places).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: (min(pair), max(pair)))
    edges = draw(st.lists(edge, max_size=60))  # an edge may stand twice
    jaccard = [draw(st.sampled_from([0.0, 0.7, 0.8, 1.0])) for _ in edges]
    partitions = draw(st.integers(1, 7))
    owners = {key: draw(st.integers(0, partitions - 1)) for key in keys}
    return Graph(pairs_of(edges, jaccard, ranks), owners, partitions)


def through_bytes(part: Part) -> Part:
    copies: list[NDArray[Any]] = [np.frombuffer(array.tobytes(), array.dtype) for array in part]
    return Part(*copies)


def simulate(pairs: Pairs, owner: Owner, partitions: int, lose: int = -1) -> Outcome:
    """The driving loop; the message number `lose` does not arrive."""
    here = range(partitions)
    of_lower = owner(pairs["lower"])
    rows_of = [np.flatnonzero(of_lower == number) for number in here]
    prepared = [prepare(pairs[chosen]) for chosen in rows_of]
    parts = [through_bytes(part) for part, _ in prepared]
    status = [before for _, before in prepared]

    sent = 0

    def delivered(to: NDArray[np.int64], *columns: NDArray[Any]) -> list[list[NDArray[Any]]]:
        nonlocal sent
        arrives = np.arange(sent, sent + to.size) != lose
        sent += to.size
        return [[column[arrives & (to == number)] for column in columns] for number in here]

    wanted = [asks(part) for part in parts]
    asked_for, askers = np.concatenate(wanted), np.repeat(np.array(here), [keys.size for keys in wanted])
    heard = [listen(parts[n], *arrived) for n, arrived in enumerate(delivered(owner(asked_for), asked_for, askers))]
    asked, news = [pair[0] for pair in heard], [pair[1] for pair in heard]
    rounds, undecided = 0, [before.size for before in status]
    while any(found.to.size for found in news):
        rounds += 1
        columns: Any = zip(*news, strict=True)
        inbox = delivered(*map(np.concatenate, columns))
        steps = [advance(parts[n], asked[n], status[n], *inbox[n]) for n in here]
        status, news = [step.status for step in steps], [step.news for step in steps]
        assert lose >= 0 or sum(step.undecided for step in steps) < sum(undecided)  # every round gets somewhere
        undecided = [step.undecided for step in steps]
        assert undecided == [np.count_nonzero(after == UNDECIDED) for after in status]
        assert rounds <= len(pairs) + 1
    if any(undecided):
        return Outcome(None, set(), rounds, sent)
    found = [proofs(parts[n], np.frombuffer(status[n].tobytes(), np.uint8)) for n in here]
    assert all((f.dropped[1:] > f.dropped[:-1]).all() for f in found)
    dropped = np.concatenate([f.dropped for f in found])
    kept = np.concatenate([f.kept for f in found])
    edge = np.concatenate([rows_of[n][f.edge] for n, f in enumerate(found)])
    by_key = np.argsort(dropped)
    alive = {int(key) for part, after in zip(parts, status, strict=True) for key in part.keys[after == KEPT]}
    return Outcome(Drops(dropped[by_key], kept[by_key], edge[by_key]), alive, rounds, sent)


def in_one_place(pairs: Pairs) -> tuple[Drops, set[int]]:
    keys, first = np.unique(np.r_[pairs["higher"], pairs["lower"]], return_index=True)
    order = np.r_[pairs["higher_order"], pairs["lower_order"]][first]
    ids = np.r_[pairs["higher_id"], pairs["lower_id"]][first]
    drops = survivors(pairs["higher"], pairs["lower"], pairs["jaccard"], keys, order, ids)
    return drops, set(keys.tolist()) - set(drops.dropped.tolist())


def assert_same(found: Outcome, pairs: Pairs) -> None:
    expected, alive = in_one_place(pairs)
    assert found.drops is not None
    assert [part.tolist() for part in found.drops] == [part.tolist() for part in expected]
    assert found.kept == alive


def modulo(partitions: int) -> Owner:
    return lambda keys: (keys % np.uint64(partitions)).astype(np.int64)


def scattered(partitions: int) -> Owner:
    # A multiplication spreads neighbouring keys.
    return lambda keys: ((keys * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)) % np.uint64(partitions)).astype(int)


@given(graphs())
def test_equals_the_walk_in_one_place(graph: Graph) -> None:
    assert_same(simulate(graph.pairs, graph.owner, graph.partitions), graph.pairs)


@given(graphs(), st.data())
def test_a_lost_message_leaves_documents_undecided(graph: Graph, data: st.DataObject) -> None:
    whole = simulate(graph.pairs, graph.owner, graph.partitions)
    if whole.sent:
        lose = data.draw(st.integers(0, whole.sent - 1))
        assert simulate(graph.pairs, graph.owner, graph.partitions, lose).drops is None


@given(graphs())
def test_every_document_is_asked_for_and_answered_once(graph: Graph) -> None:
    pairs = graph.pairs
    lowers = set(zip(graph.owner(pairs["lower"]), pairs["lower"], strict=True))
    asked = {(n, key) for n, key in zip(graph.owner(pairs["lower"]), pairs["higher"], strict=True)} - lowers
    assert simulate(pairs, graph.owner, graph.partitions).sent == 2 * len(asked)


@pytest.mark.parametrize("partitions", range(1, 8))
@pytest.mark.parametrize(
    "edges",
    [
        [(0, n) for n in range(1, 40)],
        [(n, 39) for n in range(39)],
        [(a, b) for b in range(25) for a in range(b)],
        [(n, n + 1) for n in range(60)],
        [(n, n + 2) for n in range(60)],
        # Hot documents: three that are near everything, beside a path.
        [(hot, n) for hot in (0, 20, 39) for n in range(40) if hot < n] + [(n, n + 1) for n in range(39)],
        [(a, b) for a in range(12) for b in range(12, 24)],
    ],
    ids=["star", "funnel", "clique", "path", "two paths", "hot", "bipartite"],
)
def test_shapes(edges: list[tuple[int, int]], partitions: int) -> None:
    pairs = plain_pairs(edges)
    for owner in (modulo(partitions), scattered(partitions)):
        assert_same(simulate(pairs, owner, partitions), pairs)


def test_a_path_takes_a_round_for_each_change_of_partition() -> None:
    path = plain_pairs([(n, n + 1) for n in range(99)])
    assert simulate(path, modulo(2), 2).rounds == 99
    assert simulate(path, lambda keys: (keys // np.uint64(10)).astype(np.int64), 10).rounds == 10
    assert simulate(path, modulo(1), 1).rounds == 1


def test_a_kept_neighbour_decides_before_the_others_are_known_but_the_proof_waits() -> None:
    # 3 is dropped as soon as 0 is kept; 2, which is more similar, turns out to be kept a round later.
    pairs = pairs_of([(0, 3), (0, 1), (1, 2), (2, 3)], [0.7, 0.9, 0.9, 1.0], [(key, 0, key) for key in range(4)])
    part, status = prepare(pairs[[0, 3]])
    asked, _ = listen(part, np.array([3], np.uint64), np.array([5]))
    step = advance(part, asked, status, np.array([0], np.uint64), np.array([True]))
    assert [column.tolist() for column in step.news] == [[5], [3], [False]]
    assert step.undecided == 1
    with pytest.raises(ValueError, match="1 documents are undecided"):
        proofs(part, step.status)
    last = advance(part, asked, step.status, np.array([2], np.uint64), np.array([True]))
    assert (last.undecided, last.news.to.size) == (0, 0)
    assert [column.tolist() for column in proofs(part, last.status)] == [[3], [2], [1]]
    assert_same(simulate(pairs, modulo(4), 4), pairs)


@pytest.mark.parametrize("similar", [0, 1])
def test_one_kept_neighbour_is_enough_wherever_it_stands(similar: int) -> None:
    jaccard = [1.0 if neighbour == similar else 0.7 for neighbour in (0, 1)]
    part, status = prepare(pairs_of([(0, 2), (1, 2)], jaccard, [(key, 0, key) for key in range(3)]))
    asked, _ = listen(part, np.array([2], np.uint64), np.array([4]))
    step = advance(part, asked, status, np.array([0], np.uint64), np.array([True]))
    assert [column.tolist() for column in step.news] == [[4], [2], [False]]


def test_without_news_and_with_old_news_nothing_changes() -> None:
    part, status = prepare(plain_pairs([(0, 2), (1, 2), (1, 3)]))
    asked, _ = listen(part, np.array([2, 3], np.uint64), np.array([0, 1]))
    news = np.array([1], np.uint64), np.array([True])
    idle = advance(part, asked, status, *NO_NEWS)
    assert (idle.status.tolist(), idle.undecided, idle.news.to.size) == (status.tolist(), 4, 0)
    first = advance(part, asked, status, *news)
    assert (first.undecided, first.news.keys.tolist()) == (1, [2, 3])
    again = advance(part, asked, first.status, *news)
    assert (again.status.tolist(), again.news.to.size) == (first.status.tolist(), 0)


def test_a_partition_without_pairs_answers() -> None:
    part, status = prepare(np.zeros(0, PAIR_ROW))
    asked, news = listen(part, np.array([7, 9], np.uint64), np.array([1, 2]))
    assert [column.tolist() for column in news] == [[1, 2], [7, 9], [True, True]]
    assert asks(part).size == 0
    assert advance(part, asked, status, *NO_NEWS).undecided == 0
    assert [column.size for column in proofs(part, status)] == [0, 0, 0]


def test_a_large_random_graph() -> None:
    random = np.random.default_rng(1)
    n = 20_000
    ranks = np.stack([random.integers(0, 50, n), random.integers(0, 2**62, n), np.arange(n)], axis=1)
    # In every pair one document is of the better half, and few are in most pairs.
    edges = np.sort(np.stack([random.integers(0, n, 60_000), (n // 2 * random.random(60_000) ** 4).astype(int)]).T)
    edges = edges[edges[:, 0] != edges[:, 1]]
    pairs = pairs_of(edges, random.choice([0.7, 0.8, 0.9], len(edges)), ranks[np.lexsort(ranks.T[::-1])])
    found = simulate(pairs, scattered(7), 7)
    assert_same(found, pairs)
    assert found.rounds < 30


def test_what_contradicts_itself_is_refused() -> None:
    pairs = plain_pairs([(0, 1), (1, 2)])
    backwards = pairs[["lower", "higher", "lower_order", "lower_id", "higher_order", "higher_id", "jaccard"]].copy()
    backwards.dtype.names = ("higher", "lower", "higher_order", "higher_id", "lower_order", "lower_id", "jaccard")
    with pytest.raises(ValueError, match="better to a worse"):
        prepare(backwards)
    for field, value, message in (("lower_id", 5, "different ranks"), ("jaccard", np.nan, "not a number")):
        wrong = pairs.copy()
        wrong[field][0] = value
        with pytest.raises(ValueError, match=message):
            prepare(wrong)

    part, status = prepare(pairs)
    asked, _ = listen(part, *NO_NEWS[:1], np.zeros(0, np.int64))
    zero = np.zeros(1, np.uint64)
    for stranger in (1, 7):  # decided here; not in any pair
        with pytest.raises(ValueError, match="did not ask for"):
            advance(part, asked, status, zero + np.uint64(stranger), np.array([True]))
    with pytest.raises(ValueError, match="kept and that it is dropped"):
        advance(part, asked, status, np.zeros(2, np.uint64), np.array([True, False]))
    after = advance(part, asked, status, zero, np.array([True])).status
    with pytest.raises(ValueError, match="kept and that it is dropped"):
        advance(part, asked, after, zero, np.array([False]))
    with pytest.raises(ValueError, match="status of 2 documents for a partition of 3"):
        advance(part, asked, status[:2], *NO_NEWS)
    with pytest.raises(ValueError, match="status of 2 documents for a partition of 3"):
        proofs(part, status[:2])
