"""Rounds: the survivors of `dedup.survivors`, where the verified pairs are spread over partitions.

Every document has one owner, a partition. A pair belongs to the owner of its lower document, so each partition
has all that decides its own documents, but for the fate of the better ranked documents of other partitions. It
asks their owners once; an owner answers when it has decided, and a document without a better ranked neighbour
is kept from the start. In each round a partition applies the news that arrived and walks its pairs once in
rank order. No decision is ever taken back or guessed: a document is dropped when a neighbour of it is known to
be kept, and kept when all of them are known to be dropped. So no order of messages can change the answer.

A round sends news only of documents decided in it, so the rounds end. When no news is under way, the best
ranked undecided document would have had all its neighbours' news: either everything is decided everywhere, or
a message was lost, which `Round.undecided` shows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from dedup.rank import total_order
from dedup.survivors import Drops

U64s = NDArray[np.uint64]
I64s = NDArray[np.int64]
U8s = NDArray[np.uint8]
Bools = NDArray[np.bool_]

UNDECIDED, KEPT, DROPPED = np.uint8(0), np.uint8(1), np.uint8(2)


class Part(NamedTuple):
    """The pairs of one partition, which the rounds only read.

    Attributes:
        keys: uint64 [n], every document of the pairs, ascending.
        owned: int64 [m], places in `keys` of the documents that are the lower one of a pair, best ranked first.
        bounds: int64 [m + 1]; the pairs of owned[i] are bounds[i]:bounds[i + 1].
        higher: int64 [pairs], place in `keys` of the better ranked document; per owned document by falling
            similarity, among equals the best ranked first.
        edge: int64 [pairs], the pair's row in what was given to `prepare`.
    """

    keys: U64s
    owned: I64s
    bounds: I64s
    higher: I64s
    edge: I64s


class Asked(NamedTuple):
    """Who waits for which decision: places of owned documents in `Part.keys`, numbers of partitions; int64 [a] each."""

    document: I64s
    asker: I64s


class News(NamedTuple):
    """Decisions on their way: to which partition, int64 [k]; of which document, uint64 [k]; whether it stays."""

    to: I64s
    keys: U64s
    kept: Bools


class Round(NamedTuple):
    """What one partition did in one round.

    Attributes:
        status: uint8 [n], for the next round.
        news: to be delivered before the next round.
        undecided: documents of the partition's pairs, its own and others', whose fate it does not know.
    """

    status: U8s
    news: News
    undecided: int


@kernel
def _walk(owned: I64s, bounds: I64s, higher: I64s, status: U8s) -> None:
    for place in range(owned.size):
        document = owned[place]
        if status[document] != UNDECIDED:
            continue
        # Better ranked documents of this partition have had their turn in this very walk.
        verdict = KEPT
        for edge in range(bounds[place], bounds[place + 1]):
            neighbour = status[higher[edge]]
            if neighbour == KEPT:
                verdict = DROPPED
                break
            if neighbour == UNDECIDED:
                verdict = UNDECIDED
        status[document] = verdict


def prepare(pairs: NDArray[Any]) -> tuple[Part, U8s]:
    """Sort the pairs of a partition.

    Args:
        pairs: structured [pairs]: `higher`, `lower` (uint64 keys of the better and the worse ranked document),
            `higher_order`, `higher_id`, `lower_order`, `lower_id` (uint64, see `dedup.rank`) and `jaccard`
            (float64); other fields are ignored. All pairs of a lower document are in one partition. A
            partition without pairs takes part too: it answers.

    Returns:
        The partition, and the status uint8 [n] of its documents before the first round: `UNDECIDED`.

    Raises:
        ValueError: a document has different ranks in two pairs, a pair does not lead from a better to a worse
            ranked document, or has a similarity that is not a number.
    """
    both = np.concatenate([pairs["higher"], pairs["lower"]])
    keys, first, places = np.unique(both, return_index=True, return_inverse=True)
    ranks = []
    for field in ("order", "id"):
        values = np.concatenate([pairs[f"higher_{field}"], pairs[f"lower_{field}"]])
        ranks.append(values[first])
        if (values != ranks[-1][places]).any():
            raise ValueError("a document has different ranks in two pairs")
    rank = np.empty(keys.size, np.int64)
    rank[total_order(ranks[0], ranks[1], keys)] = np.arange(keys.size)
    higher, lower = places[: len(pairs)], places[len(pairs) :]
    if (rank[higher] >= rank[lower]).any():
        raise ValueError("a pair does not lead from a better to a worse ranked document")
    if np.isnan(pairs["jaccard"]).any():
        raise ValueError("a pair has a similarity that is not a number")
    edge = np.lexsort((rank[higher], -pairs["jaccard"], rank[lower]))
    ordered = lower[edge]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    bounds = np.append(starts, len(pairs)).astype(np.int64)
    return Part(keys, ordered[starts], bounds, higher[edge], edge), np.full(keys.size, UNDECIDED)


def asks(part: Part) -> U64s:
    """Keys, ascending, of the documents whose owners are to be asked (possibly this partition itself)."""
    return part.keys[_foreign(part)]


def listen(part: Part, keys: U64s, askers: I64s) -> tuple[Asked, News]:
    """Take down who asked a partition, once, before the first round.

    Args:
        part: which owns the documents; without all of its pairs it would answer that they are kept.
        keys, askers: uint64 [a] documents asked for, int64 [a] the partition that asks for each.

    Returns:
        What to remember, and the answers known at once: a document that is the lower one of no pair is kept.
    """
    places, found = _find(part, keys, ~_foreign(part))
    unopposed = keys[~found]
    return Asked(places[found], askers[found]), News(askers[~found], unopposed, np.ones(unopposed.size, np.bool_))


def advance(part: Part, asked: Asked, status: U8s, keys: U64s, kept: Bools) -> Round:
    """Do one round of one partition: apply the news, then decide every document that can be decided.

    Without news nothing changes, so a partition that got none may sit a round out. News that arrives twice does
    no harm.

    Args:
        part, asked: see `prepare` and `listen`.
        status: uint8 [n], from `prepare` or the round before; it is not written to.
        keys, kept: uint64 [k] documents of the news that arrived, bool [k] whether each stays.

    Raises:
        ValueError: the status is of another partition, or news is of a document that was not asked for or
            contradicts earlier news.
    """
    _check_size(part, status)
    places, found = _find(part, keys, _foreign(part))
    if not found.all():
        raise ValueError("news of documents that this partition did not ask for")
    after = status.copy()
    told = np.where(kept, KEPT, DROPPED)
    after[places] = told
    earlier = status[places]
    # Two contradictory pieces of one delivery overwrite each other, so that one of them is not what is read back.
    if ((earlier != UNDECIDED) & (earlier != told)).any() or (after[places] != told).any():
        raise ValueError("news that a document is kept and that it is dropped")
    _walk(part.owned, part.bounds, part.higher, after)
    new = (status[asked.document] == UNDECIDED) & (after[asked.document] != UNDECIDED)
    decided = asked.document[new]
    news = News(asked.asker[new], part.keys[decided], after[decided] == KEPT)
    return Round(after, news, int(np.count_nonzero(after == UNDECIDED)))


def proofs(part: Part, status: U8s) -> Drops:
    """The drops of a partition in which nothing is undecided; `Drops.edge` is the row given to `prepare`.

    They wait until the end because the proof is the most similar neighbour that is kept, which is not always
    the first one known to be kept.

    Raises:
        ValueError: documents are undecided, or the status is of another partition.
    """
    _check_size(part, status)
    if (status == UNDECIDED).any():
        raise ValueError(f"{np.count_nonzero(status == UNDECIDED)} documents are undecided")
    proving = np.flatnonzero(status[part.higher] == KEPT)
    place = np.searchsorted(part.bounds, proving, "right") - 1
    first = np.flatnonzero(np.diff(place, prepend=-1))
    dropped = part.keys[part.owned[place[first]]]
    kept, edge = part.keys[part.higher[proving[first]]], part.edge[proving[first]]
    by_key = np.argsort(dropped)
    return Drops(dropped[by_key], kept[by_key], edge[by_key])


def _foreign(part: Part) -> Bools:
    """Which documents of the pairs, bool [n], are never the lower one here."""
    foreign = np.ones(part.keys.size, np.bool_)
    foreign[part.owned] = False
    return foreign


def _find(part: Part, keys: U64s, among: Bools) -> tuple[I64s, Bools]:
    """The place of each key in `part.keys`, and whether it is there and `among` those wanted, a bool [n]."""
    places = np.searchsorted(part.keys, keys)
    found = places < part.keys.size
    found[found] = (part.keys[places[found]] == keys[found]) & among[places[found]]
    return places, found


def _check_size(part: Part, status: U8s) -> None:
    # The walk checks no bounds.
    if status.size != part.keys.size:
        raise ValueError(f"the status of {status.size} documents for a partition of {part.keys.size}")
