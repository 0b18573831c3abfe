"""Phrases: which of a few fixed phrases occur near the start of a text, whatever their case."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import Bytes
from buffers.texts import Texts

_NEWLINE = 10


class Phrases(NamedTuple):
    """An automaton that reads a byte at a time (Aho and Corasick 1975).

    Attributes:
        following: int32 [states, 256]; the state after a byte. State 0 is the start.
        ends: bool [states]; whether a phrase ends in this state.
    """

    following: NDArray[np.int32]
    ends: NDArray[np.bool_]


def compile_phrases(phrases: Sequence[str]) -> Phrases:
    """The automaton of phrases of ASCII characters; upper and lower case count as equal."""
    children: list[dict[int, int]] = [{}]
    final = [False]
    for phrase in phrases:
        state = 0
        for byte in phrase.lower().encode("ascii"):
            if byte not in children[state]:
                children[state][byte] = len(children)
                children.append({})
                final.append(False)
            state = children[state][byte]
        final[state] = True
    following = np.zeros((len(children), 256), np.int32)
    fallback = [0] * len(children)
    waiting = deque([0])
    while waiting:
        state = waiting.popleft()
        final[state] |= final[fallback[state]]
        if state:
            following[state] = following[fallback[state]]
        for byte, child in children[state].items():
            fallback[child] = following[state, byte] if state else 0
            following[state, byte] = child
            waiting.append(child)
    upper = np.arange(ord("A"), ord("Z") + 1)
    following[:, upper] = following[:, upper + 32]
    return Phrases(following, np.array(final, np.bool_))


@kernel
def _search(
    data: Bytes,
    offsets: NDArray[np.int64],
    lines: int,
    limit: int,
    following: NDArray[np.int32],
    ends: NDArray[np.bool_],
    found: NDArray[np.bool_],
) -> None:
    for document in range(offsets.size - 1):
        stop = min(offsets[document] + limit, offsets[document + 1])
        state = 0
        left = lines
        for place in range(offsets[document], stop):
            byte = data[place]
            state = following[state, byte]
            if ends[state]:
                found[document] = True
                break
            if byte == _NEWLINE:
                left -= 1
                if left == 0:
                    break


def contains_phrase(texts: Texts, phrases: Phrases, *, lines: int, limit: int) -> NDArray[np.bool_]:
    """Whether one of the phrases occurs in the first lines of each text.

    Args:
        texts: n documents.
        phrases: from `compile_phrases`.
        lines: lines looked at.
        limit: bytes looked at, if that is less.

    Returns:
        bool [n].
    """
    found = np.zeros(len(texts), np.bool_)
    _search(texts.data, texts.offsets, lines, limit, phrases.following, phrases.ends, found)
    return found
