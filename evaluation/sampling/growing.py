"""One continuation as it grows: ids to text, and whether it has ended."""

from __future__ import annotations

import codecs
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.sampling.stops import Stops
from tokenization.tokenizer import Tokenizer

Ending = Literal["stop", "separator", "length"]


class Continuation(NamedTuple):
    """What a model wrote after a prompt."""

    text: str
    """Up to the separator or the stop, without either."""
    tokens: int
    """Written up to its end, the separator among them."""
    ending: Ending


class Growing:
    """A continuation on its way.

    Args:
        tokenizer: of the model.
        stops: where its text ends.
        most: tokens at most.
    """

    def __init__(self, tokenizer: Tokenizer, stops: Stops, most: int) -> None:
        self._tokenizer = tokenizer
        self._stops = stops
        self._most = most
        self._ids: list[int] = []
        self._text = ""
        self.ending: Ending | None = None

    def add(self, ids: NDArray[np.int32]) -> None:
        """Take the next ids, at least one, unless it has ended."""
        if self.ending is not None:
            return
        separators = np.flatnonzero(ids == self._tokenizer.separator_id)
        self._ids += ids[: separators[0] + 1 if separators.size else None].tolist()
        last = separators.size > 0 or len(self._ids) >= self._most
        data = self._tokenizer.decode(np.array(self._ids, np.uint32))
        # A character of which the last bytes are missing waits for them.
        text = codecs.getincrementaldecoder("utf-8")("replace").decode(data, final=last)
        self._text = self._stops.cut(text)
        if len(self._text) < len(text):
            self.ending = "stop"
        elif last:
            self.ending = "separator" if separators.size else "length"

    @property
    def settled(self) -> str:
        """The text so far that nothing can take back."""
        return self._text if self.ending else self._stops.settled(self._text)

    def finished(self) -> Continuation:
        """The whole, once it has ended."""
        assert self.ending is not None
        return Continuation(self._text, len(self._ids), self.ending)
