"""What one block gives to one shard."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.jobs.exchange import Value

DOCUMENT = np.dtype([("id", "u1", 16), ("copy", "<u2"), ("key", "<u8"), ("tokens", "<i8")])
"""What goes to a shard with a document's tokens; the key is block << 32 | row."""


class Contribution(NamedTuple):
    """One block's part of a shard, its documents in the block's order."""

    documents: Value
    """A `DOCUMENT` each."""
    tokens: Value
    """Token ids of all of them."""
    links: Value
    """What ties them to others of their repository, where the split is in that order."""


NOTHING = Contribution(b"", b"", b"")
