"""Which document each id of a record belongs to, for trainers that keep documents apart or mask padding.

The format's rules: a separator stands behind each document and never inside one, and belongs to the document that it
ends. The arrays are integers [..., length], records along the last axis; a document that began in an earlier record has
segment 1 here and is counted from 0 here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def segment_ids(inputs: NDArray[Any], separator_id: int) -> NDArray[np.int32]:
    """Number of the document that each id belongs to, from 1 in each record: int32, shape of `inputs`.

    A separator at the front of a record, which ends a document of the record before, is a segment of its own.
    """
    return np.cumsum(_begins(inputs, separator_id), axis=-1, dtype=np.int32)


def positions(inputs: NDArray[Any], separator_id: int) -> NDArray[np.int32]:
    """Place of each id within its segment, from 0: int32, shape of `inputs`."""
    places = np.arange(inputs.shape[-1], dtype=np.int32)
    starts = np.where(_begins(inputs, separator_id), places, np.int32(0))
    return places - np.maximum.accumulate(starts, axis=-1)


def target_mask(ids: NDArray[Any], separator_id: int) -> NDArray[np.bool_]:
    """Which targets ids[..., 1:] are to be predicted: bool [..., length - 1].

    All but a separator right behind a separator: that is padding, or a document without ids.
    """
    separators: NDArray[np.bool_] = ids == separator_id
    return ~(separators[..., 1:] & separators[..., :-1])


def _begins(inputs: NDArray[Any], separator_id: int) -> NDArray[np.bool_]:
    """Whether an id is the first of its segment: the record's first, and each behind a separator."""
    begins = np.ones(inputs.shape, bool)
    begins[..., 1:] = inputs[..., :-1] == separator_id
    return begins
