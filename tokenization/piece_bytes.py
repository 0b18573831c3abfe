"""Ids back to bytes, for tokenizers whose every id stands for the same bytes wherever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel


class PieceBytes:
    """The bytes of each id.

    Args:
        pieces: by id; none for control tokens.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._data = np.frombuffer(bytearray(b"").join(pieces), np.uint8)
        self._offsets = np.cumsum([0, *map(len, pieces)], dtype=np.int64)

    def __len__(self) -> int:
        return self._offsets.size - 1

    def join(self, ids: NDArray[Any]) -> bytes:
        """The bytes that ids stand for.

        Raises:
            IndexError: an id that is not one.
        """
        chosen = np.ascontiguousarray(ids, np.int64)
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(self):
            raise IndexError(f"ids {chosen.min()} to {chosen.max()} are not all among {len(self)}")
        out = np.empty(int((self._offsets[chosen + 1] - self._offsets[chosen]).sum()), np.uint8)
        _join(self._data, self._offsets, chosen, out)
        return out.tobytes()


@kernel
def _join(data: NDArray[np.uint8], offsets: NDArray[np.int64], ids: NDArray[np.int64], out: NDArray[np.uint8]) -> None:
    place = 0
    for i in range(ids.size):
        for at in range(offsets[ids[i]], offsets[ids[i] + 1]):
            out[place] = data[at]
            place += 1
