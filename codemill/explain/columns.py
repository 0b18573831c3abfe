"""Columns of hashes as numpy sees them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def hash_bytes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """A fixed-size binary column [n] of w bytes, without nulls, as uint8 [n, w]; nothing is copied."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # as older versions of pyarrow give it
        array = array.chunk(0) if array.num_chunks else pa.array([], column.type)
    width = column.type.byte_width
    if not len(array):
        return np.zeros((0, width), np.uint8)
    return np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, width)[array.offset : array.offset + len(array)]


def leading_words(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    """The first 16 bytes of each hash as two numbers, uint64 [n, 2], which order as the bytes do."""
    return np.ascontiguousarray(hash_bytes(column)[:, :16]).view(">u8").astype(np.uint64)
