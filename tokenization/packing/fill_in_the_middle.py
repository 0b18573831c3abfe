"""Fill in the middle: a piece of text cut at two characters, its middle moved to the end (Bavarian et al. 2022).

With the text cut into prefix, middle and suffix, a rewritten piece is

    PREFIX prefix SUFFIX suffix MIDDLE middle       (prefix, suffix, middle)
    PREFIX SUFFIX suffix MIDDLE prefix middle       (suffix, prefix, middle)

where PREFIX, SUFFIX and MIDDLE are special tokens, and a separator follows: a model learns where a middle ends. The
three parts are tokenised anew, since a cursor does not care for the borders of tokens.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from schemas.config import FillInTheMiddleConfig
from schemas.errors import CodemillError
from schemas.keyed_hash import draws
from tokenization.packing.records import Form
from tokenization.tokenizer import Tokenizer

_SENTINELS = 3
_GROWTH = 2  # ids that two more borders add on average: leaving room for them saves most second tries
_PROBE = "  two  spaces,\ttabs\r\n\u00e9 \u6f22\u5b57 \U0001f642\n\n".encode()
_DECIDE, _FORM, _CUT, _OTHER_CUT = range(4)


class Rewritten(NamedTuple):
    """A rewritten piece.

    Attributes:
        tokens: how many of the document's tokens it stands for.
        ids: its ids, without a separator.
        form: how it is arranged.
    """

    tokens: int
    ids: NDArray[Any]
    form: Form


class FillInTheMiddle:
    """Chooses pieces and rewrites them.

    Args:
        tokenizer: what the ids are of.
        config: how often, and which special tokens.

    Raises:
        CodemillError: the tokenizer lacks a special token, or does not give back every text.
    """

    def __init__(self, tokenizer: Tokenizer, config: FillInTheMiddleConfig) -> None:
        self._tokenizer = tokenizer
        self._limit = int(config.rate * 2**64)
        self._suffix_first = int(config.spm_share * 2**64)
        self._prefix, self._suffix, self._middle = (special_id(tokenizer, name) for name in config.tokens)
        probe = tokenizer.encode(Texts.from_list([_PROBE])).ids
        if b"".join(tokenizer.decode(probe[i : i + 1]) for i in range(probe.size)) != _PROBE:
            raise CodemillError(
                "this tokenizer does not give back every text, so pieces of it cannot be tokenised anew",
                "leave out `fill_in_the_middle`, or use a byte-level or SentencePiece tokenizer",
            )
        self._starts_character = np.array([_starts_character(tokenizer, i) for i in range(tokenizer.size)])

    def rewrite(self, rest: NDArray[Any], room: int, hashed: np.uint64, first: int) -> Rewritten | None:
        """Rewrite the beginning of what is left of a document, or all of it, to fit a record; None to leave it as is.

        Args:
            rest: the document's ids from `first` on.
            room: places left in the record; the ids and a separator fit them.
            hashed: keyed hash of the document.
            first: the first token of `rest` in the document.
        """
        drawn = [int(value) for value in draws(hashed, first, 4)]
        if drawn[_DECIDE] >= self._limit or not rest.size or not self._starts_character[rest[0]]:
            return None
        tokens = rest.size
        if tokens > room - _SENTINELS - 1:
            tokens = room - _SENTINELS - 1 - _GROWTH
        while tokens > 0:
            # A piece ends where a character ends; the rest of the document then begins with one.
            while 0 < tokens < rest.size and not self._starts_character[rest[tokens]]:
                tokens -= 1
            if tokens <= 0:
                break
            form, ids = self._arranged(self._tokenizer.decode(rest[:tokens]), drawn)
            excess = ids.size + 1 - room
            if excess <= 0:
                return Rewritten(tokens, ids.astype(rest.dtype), form)
            tokens -= excess
        return None

    def _arranged(self, text: bytes, drawn: list[int]) -> tuple[Form, NDArray[Any]]:
        data = np.frombuffer(text, np.uint8)
        borders = np.append(np.flatnonzero((data & 0xC0) != 0x80), data.size)
        low, high = sorted(int(borders[drawn[cut] % borders.size]) for cut in (_CUT, _OTHER_CUT))
        encoded = self._tokenizer.encode(Texts.from_list([text[:low], text[low:high], text[high:]]))
        prefix, middle, suffix = (encoded.document(i) for i in range(3))
        if drawn[_FORM] < self._suffix_first:
            ids = np.concatenate([[self._prefix, self._suffix], suffix, [self._middle], prefix, middle])
            return Form.SUFFIX_PREFIX_MIDDLE, ids
        ids = np.concatenate([[self._prefix], prefix, [self._suffix], suffix, [self._middle], middle])
        return Form.PREFIX_SUFFIX_MIDDLE, ids


def special_id(tokenizer: Tokenizer, name: str) -> int:
    """The id of a special token.

    Raises:
        CodemillError: there is none of this name.
    """
    found = tokenizer.special_id(name)
    if found is None:
        raise CodemillError(
            f"the tokenizer has no special token {name!r} for filling in the middle",
            "name its own three in `fill_in_the_middle.tokens`: what stands before prefix, suffix and middle",
        )
    return found


def _starts_character(tokenizer: Tokenizer, token: int) -> bool:
    decoded = tokenizer.decode(np.array([token], np.uint32))
    return bool(decoded) and decoded[0] & 0xC0 != 0x80
