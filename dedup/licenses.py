"""Ranks of licences: of two copies of a text, the one under the more permissive licence is kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

PERMISSIVE = 0
WEAK_COPYLEFT = 1
STRONG_COPYLEFT = 2
UNKNOWN = 3

LICENSE_RANKS: dict[str, int] = {
    "0bsd": PERMISSIVE,
    "apache-2.0": PERMISSIVE,
    "artistic-2.0": PERMISSIVE,
    "bsd-2-clause": PERMISSIVE,
    "bsd-3-clause": PERMISSIVE,
    "bsl-1.0": PERMISSIVE,
    "cc0-1.0": PERMISSIVE,
    "isc": PERMISSIVE,
    "mit": PERMISSIVE,
    "mit-0": PERMISSIVE,
    "psf-2.0": PERMISSIVE,
    "unlicense": PERMISSIVE,
    "wtfpl": PERMISSIVE,
    "zlib": PERMISSIVE,
    "epl-1.0": WEAK_COPYLEFT,
    "epl-2.0": WEAK_COPYLEFT,
    "lgpl-2.1": WEAK_COPYLEFT,
    "lgpl-3.0": WEAK_COPYLEFT,
    "mpl-2.0": WEAK_COPYLEFT,
    "agpl-3.0": STRONG_COPYLEFT,
    "gpl-2.0": STRONG_COPYLEFT,
    "gpl-3.0": STRONG_COPYLEFT,
}
"""Rank by SPDX identifier in lower case, without "-only" or "-or-later"; every other licence is `UNKNOWN`."""


def license_rank(license: str) -> int:
    """The rank of an SPDX identifier in any case; "" and names not in the table are `UNKNOWN`."""
    return LICENSE_RANKS.get(license.lower().removesuffix("-only").removesuffix("-or-later"), UNKNOWN)


def license_ranks(licenses: pa.Array | pa.ChunkedArray) -> NDArray[np.uint8]:
    """The rank of each licence of a string array, uint8 [n]; null is `UNKNOWN`."""
    if isinstance(licenses, pa.ChunkedArray):
        licenses = licenses.combine_chunks()
    encoded = licenses.fill_null("").dictionary_encode()
    ranks = np.array([license_rank(name) for name in encoded.dictionary.to_pylist()], np.uint8)
    return ranks[np.asarray(encoded.indices, np.int64)]
