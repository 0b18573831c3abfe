"""All pieces that a text begins with, found by one walk: a trie over bytes in one flat array.

The array is a double array (Aoe 1989, "An efficient digital search algorithm by using a double-array structure"): the
child of a node by a byte stands `byte` places behind the node's base. Every base belongs to one node only, so a place
needs to remember no parent: its byte says whether it is the child that was looked for.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel

BASE_SHIFT = np.uint64(32)
PIECE_SHIFT = np.uint64(10)
PIECE_MASK = np.uint64((1 << 22) - 1)
LABEL_MASK = np.uint64((1 << 10) - 1)
_EMPTY = np.uint64(LABEL_MASK)  # the label of no byte
_LABELS = 256
_TRIES = 1024  # places looked at before a node's children go to the end


def piece_trie(pieces: Mapping[bytes, int], none: int) -> NDArray[np.uint64]:
    """The trie of pieces.

    Args:
        pieces: bytes -> id, below 2 ** 22.
        none: the id at nodes where no piece ends.

    Returns:
        uint64 [places], a node = base << 32 | id << 10 | the byte that leads to it, or no byte where the place is
        empty. The root has no place; its base is 0. Base + byte is inside for every node and byte.
    """
    order = sorted(pieces)
    data = np.frombuffer(bytearray(b"").join(order), np.uint8)
    offsets = np.cumsum([0, *map(len, order)], dtype=np.int64)
    ids = np.array([pieces[piece] for piece in order], np.int64)
    return _build(data, offsets, ids, none)


@kernel
def _build(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], ids: NDArray[np.int64], none: int
) -> NDArray[np.uint64]:
    """The trie of pieces in the order of their bytes, breadth first: what walks touch most stands together."""
    most = data.size + 1  # nodes
    nodes = np.full(4 * _LABELS, _EMPTY)
    taken = np.zeros(nodes.size, np.bool_)  # bases
    first = np.empty(most, np.int64)  # by node, in the order they are met: the pieces below it, its depth, its place
    last = np.empty(most, np.int64)
    depths = np.empty(most, np.int64)
    places = np.empty(most, np.int64)
    labels = np.empty(_LABELS, np.int64)
    first[0], last[0], depths[0], places[0] = 0, ids.size, 0, -1
    found = 1
    cursor = 1  # no place before it is tried again
    top = _LABELS  # all places from here on are empty
    for node in range(most):
        if node == found:
            break
        low, depth = first[node], depths[node]
        if low < last[node] and offsets[low + 1] - offsets[low] == depth:
            low += 1  # the piece that ends at the node itself
        children = 0
        for piece in range(low, last[node]):
            label = np.int64(data[offsets[piece] + depth])
            if children == 0 or labels[children - 1] != label:
                labels[children] = label
                first[found + children], depths[found + children] = piece, depth + 1
                children += 1
            last[found + children - 1] = piece + 1
        if children == 0:
            continue
        base = 0
        if node > 0:
            while nodes[cursor] != _EMPTY:
                cursor += 1
            base = _free_base(nodes, taken, labels, children, cursor, top)
            if base == top:
                cursor += children == 1  # a place that not even one child can use
            place = places[node]
            nodes[place] |= np.uint64(base) << BASE_SHIFT
        taken[base] = True
        for child in range(children):
            place = base + labels[child]
            piece = first[found + child]
            ends = offsets[piece + 1] - offsets[piece] == depth + 1
            nodes[place] = np.uint64(ids[piece] if ends else none) << PIECE_SHIFT | np.uint64(labels[child])
            places[found + child] = place
            top = max(top, place + 1)
        found += children
        if top + 2 * _LABELS > nodes.size:
            grown = np.full(2 * nodes.size, _EMPTY)
            grown[: nodes.size] = nodes
            nodes = grown
            more = np.zeros(nodes.size, np.bool_)
            more[: taken.size] = taken
            taken = more
    for place in range(top):
        if nodes[place] != _EMPTY and nodes[place] >> BASE_SHIFT == 0:  # no children: the root's must not pass for them
            nodes[place] |= np.uint64(top) << BASE_SHIFT
    return nodes[: top + _LABELS].copy()


@kernel
def _free_base(
    nodes: NDArray[np.uint64],
    taken: NDArray[np.bool_],
    labels: NDArray[np.int64],
    children: int,
    cursor: int,
    top: int,
) -> int:
    """A base that no node has, with all the children's places empty; `top` when none is near the cursor."""
    for place in range(cursor, min(cursor + _TRIES, top)):
        base = place - labels[0]
        if base <= 0 or taken[base] or nodes[place] != _EMPTY:
            continue
        child = 1
        while child < children and nodes[base + labels[child]] == _EMPTY:
            child += 1
        if child == children:
            return base
    return top
