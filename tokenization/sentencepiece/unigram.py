"""Segment a stretch of text with a unigram model: the pieces whose scores have the greatest sum.

What the sentencepiece library computes from 0.2.2 on, as its answers show, and `exact_path` after it to the last bit:
for every place between two characters the best way of getting there, from the left to the right. From each place on,
every piece that the text goes on with gives a way to the place behind it, at the sum of its score and what it took to
get here; a character that is no piece gives one, too. A way replaces an earlier one only if it is better. Sums are
32-bit; when one has got farther from zero than `REBASE`, it and those ahead of it are made smaller by it.

So sums round differently with what stands before, and with them goes the choice between ways that are equal or nearly
so. `sure_path` finds how far choices are from hanging on that: it computes with 64 bits from zero, and the least
difference between a way taken and the next best to the same place, if large enough, proves the way for every text
that may stand before.

    Let the stretch have n characters, let sums within it stay within +-B, and let u be the distance of neighbouring
    32-bit numbers just below B, so that an addition errs by u / 2 at most. Behind k characters every sum is then off by
    k * u / 2 at most from the exact one plus what the stretch began with, for each is one addition to a sum at least a
    character before. Two ways to a place are compared after at most n additions each, so the better one of two that
    differ by more than n * u is always taken. The places where it counts are those on the path itself: going back from
    the end of the stretch, the same choice leads to the same place. As long as no sum passes REBASE, B is the score
    that is farthest from zero times the characters since the sums began there. Else sums stay below REBASE plus what
    the stretch itself adds, and there is one more error of u / 2 to each, for they are made smaller once at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from tokenization.sentencepiece.piece_trie import BASE_SHIFT, LABEL_MASK, PIECE_MASK, PIECE_SHIFT
from tokenization.sentencepiece.unigram_tables import PathTables
from tokenization.utf8 import character_bytes, checked_code_point

REBASE = np.float32(1e5)
SURE_BYTES = 512
"""Longer stretches are taken for unsure."""
EVERYWHERE = (1 << 20) - 1
"""The reach of a stretch whose path is the same whatever stands before it; longer than any line."""

_MARK = np.array([*"\u2581".encode()], np.uint8)
_PLACE_SHIFT = 32  # of a step
_ID_MASK = (1 << 32) - 1
_SUMS, _GAPS = 0, 1
_NEVER = -1e300
_REBASED_BELOW = 2.0**17  # a power of two with some room above REBASE
_SPACING = 2.0**-24  # of 32-bit numbers just below a power of two, in parts of it
_SLACK = 1.01  # for the errors of 64-bit sums, which are some 2 ** -29 of those reckoned with


class PathArrays(NamedTuple):
    """Scratch, an entry for each place of a stretch, its end included.

    There are few of them, and kernels are given no more than they need: to count a reference to an array costs as much
    as some characters do.

    Attributes:
        best: float32, the best sum that leads there.
        doubles: float64 [2, SURE_BYTES + 1], the same in 64 bits, and how much worse the next best is.
        steps: int64, while the best ways are sought, where the last piece of the best way begins, << 32 | its id; of a
            path that has been found, for each of its places, where the piece ends that begins there, << 32 | its id.
    """

    best: NDArray[np.float32]
    doubles: NDArray[np.float64]
    steps: NDArray[np.int64]


def path_arrays(longest: int) -> PathArrays:
    """Scratch for stretches of up to `longest` bytes."""
    size = max(longest, SURE_BYTES) + 1
    return PathArrays(np.empty(size, np.float32), np.empty((2, SURE_BYTES + 1)), np.empty(size, np.int64))


@kernel
def exact_path(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    before: np.float32,
    tables: PathTables,
    best: NDArray[np.float32],
    steps: NDArray[np.int64],
) -> np.float32:
    """Find the best path through data[start:end] with 32-bit sums.

    Args:
        data: UTF-8, padded; bytes that are none are characters without a piece.
        start: a place that no piece reaches across.
        end: another one.
        before: the sum at `start`.
        tables: the vocabulary.
        best: scratch for stretches of this length.
        steps: receives the path.

    Returns:
        The sum at `end`.
    """
    trie, scores = tables.trie, tables.scores
    none = np.int64(scores.size - 1)
    best[: end - start + 1] = -np.inf
    best[0] = before
    ahead = start  # the last place that a way leads to
    at = start
    while at < end:
        here = best[at - start]
        if abs(here) > REBASE:
            for place in range(at + 1, ahead + 1):
                best[place - start] -= here
            here = np.float32(0)
        size = 1 if data[at] < 0x80 else _character(data, at, end)
        origin = (at - start) << _PLACE_SHIFT
        whole = False
        word = trie[data[at]]
        to = at
        while word & LABEL_MASK == data[to]:
            to += 1
            # Where no piece ends, the score is -inf: no branch, for none could be foreseen.
            piece = np.int64((word >> PIECE_SHIFT) & PIECE_MASK)
            way = np.float32(here + scores[piece])
            better = way > best[to - start]
            best[to - start] = way if better else best[to - start]
            steps[to - start] = origin | piece if better else steps[to - start]
            whole |= (to - at == size) & (piece != none)
            if to == end:
                break
            word = trie[(word >> BASE_SHIFT) + data[to]]
        ahead = max(ahead, to)
        if not whole:
            to = at + size
            way = np.float32(0) if size == _MARK.size and _is_mark(data, at) else np.float32(here + tables.unknown)
            if way > best[to - start]:
                best[to - start] = way
                steps[to - start] = origin | none
            ahead = max(ahead, to)
        at += size
    place = end - start
    step = steps[place]
    while place > 0:  # turn the path, which is known backwards from its end
        came = step >> _PLACE_SHIFT
        step, steps[came] = steps[came], place << _PLACE_SHIFT | step & _ID_MASK
        place = came
    return best[end - start]


@kernel
def sure_path(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    tables: PathTables,
    doubles: NDArray[np.float64],
    steps: NDArray[np.int64],
) -> int:
    """Find the best path through data[start:end], and after how much text it is still what `exact_path` finds.

    Args:
        data: as for `exact_path`.
        start: a place that no piece reaches across.
        end: another one, at most `SURE_BYTES` behind it.
        tables: the vocabulary.
        doubles: scratch.
        steps: receives the path.

    Returns:
        The path's reach: it is the exact one wherever the sums began at zero at most so many bytes before `end`.
        `EVERYWHERE` at most; below end - start when it is nowhere sure to be the exact one.
    """
    trie, scores = tables.trie, tables.scores
    none = np.int64(scores.size - 1)
    for place in range(end - start + 1):
        doubles[_SUMS, place] = _NEVER
        doubles[_GAPS, place] = np.inf
    doubles[_SUMS, 0] = 0
    characters = 0
    at = start
    while at < end:
        here = doubles[_SUMS, at - start]
        size = 1 if data[at] < 0x80 else _character(data, at, end)
        origin = (at - start) << _PLACE_SHIFT
        characters += 1
        whole = False
        word = trie[data[at]]
        to = at
        while word & LABEL_MASK == data[to]:
            to += 1
            piece = np.int64((word >> PIECE_SHIFT) & PIECE_MASK)
            way = here + scores[piece]
            gap = way - doubles[_SUMS, to - start]
            better = gap > 0
            doubles[_SUMS, to - start] = way if better else doubles[_SUMS, to - start]
            doubles[_GAPS, to - start] = gap if better else min(doubles[_GAPS, to - start], -gap)
            steps[to - start] = origin | piece if better else steps[to - start]
            whole |= (to - at == size) & (piece != none)
            if to == end:
                break
            word = trie[(word >> BASE_SHIFT) + data[to]]
        if not whole:
            if size == _MARK.size and _is_mark(data, at):
                return 0  # sums begin anew behind it
            to = at + size
            gap = here + tables.unknown - doubles[_SUMS, to - start]
            if gap > 0:
                doubles[_SUMS, to - start] = here + tables.unknown
                doubles[_GAPS, to - start] = gap
                steps[to - start] = origin | none
            else:
                doubles[_GAPS, to - start] = min(doubles[_GAPS, to - start], -gap)
        at += size
    margin = np.inf
    place = end - start
    step = steps[place]
    while place > 0:
        margin = min(margin, doubles[_GAPS, place])
        came = step >> _PLACE_SHIFT
        step, steps[came] = steps[came], place << _PLACE_SHIFT | step & _ID_MASK
        place = came
    return int(_reach(margin / _SLACK, characters, tables.largest))


@kernel
def _reach(margin: float, characters: int, largest: float) -> int:
    """After how many bytes a margin is enough; see the head of this file."""
    bound = _REBASED_BELOW
    if REBASE + (characters + 1) * largest < bound and margin > (characters + 1) * bound * _SPACING:
        return EVERYWHERE
    while bound > largest and margin <= characters * bound * _SPACING:
        bound /= 2
    return int(min(bound, np.float64(REBASE)) / (_SLACK * largest)) if bound > largest else 0


@kernel
def _character(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Bytes of the character at a place; 1 where none is."""
    return character_bytes(data[at]) if checked_code_point(data, at, end) >= 0 else 1


@kernel
def _is_mark(data: NDArray[np.uint8], at: int) -> bool:
    """Whether three bytes spell SentencePiece's mark of a space."""
    return data[at] == _MARK[0] and data[at + 1] == _MARK[1] and data[at + 2] == _MARK[2]


@kernel
def write_path(
    data: NDArray[np.uint8],
    origin: int,
    start: int,
    end: int,
    byte_ids: NDArray[np.int32],
    none: int,
    steps: NDArray[np.int64],
    out: NDArray[np.uint32],
    place: int,
) -> int:
    """Write the ids of a path's part data[start:end] into out[place:]; what has no piece is spelled in bytes.

    Args:
        data: the text.
        origin: where the path begins.
        start: a place on it.
        end: another one.
        byte_ids: of the vocabulary.
        none: the id of no piece.
        steps: the path.
        out: room for end - start ids.
        place: where in `out` to begin.

    Returns:
        The place behind the last id written.
    """
    at = start
    while at < end:
        step = steps[at - origin]
        to = origin + (step >> _PLACE_SHIFT)
        piece = step & _ID_MASK
        if piece == none:
            for byte in range(at, to):
                out[place] = byte_ids[data[byte]]
                place += 1
        else:
            out[place] = piece
            place += 1
        at = to
    return place
