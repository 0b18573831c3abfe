"""Values that occur more than once: what is unique has no duplicates and need not be ranked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def repeated(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Indices of the values that occur more than once, int64, equal values next to each other in no given order."""
    by_value = np.argsort(values)
    ascending = values[by_value]
    equal = ascending[1:] == ascending[:-1]
    twice = np.zeros(values.size, np.bool_)
    twice[1:] |= equal
    twice[:-1] |= equal
    return by_value[twice]
