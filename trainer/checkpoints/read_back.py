"""Reads a checkpoint again after it was written and holds it against what should be in it.

Read by TensorStore, block by block, in one process: no device waits for it and no memory for a second copy is needed.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tensorstore as ts

from schemas.errors import CheckFailed
from storage.files import is_remote, join, read_bytes
from storage.uris import local_path
from trainer.checkpoints.checksum import Checksums, block_checksum

BLOCK_WORDS = 1 << 22
"""About so many numbers are summed up at once by each thread."""
REMEDY = "delete this checkpoint's directory; training goes on from the one before"


def check_written(place: str, arrays: dict[str, Checksums], texts: dict[str, Any], *, full: bool) -> None:
    """Read a finished checkpoint.

    Args:
        place: its directory, local or gs://.
        arrays: checksums of the arrays of each item.
        texts: content of each item that is JSON.
        full: read all arrays; otherwise only that each of them is listed, by what OCDBT keeps a CRC of.

    Raises:
        CheckFailed: something is missing or different.
    """
    try:
        for item, text in texts.items():
            if json.loads(read_bytes(join(place, item, "metadata"))) != text:
                raise CheckFailed(f"{place}: {item} is not what was written", REMEDY)
        for item, expected in arrays.items():
            store = _store(join(place, item))
            keys = ts.KvStore.open(store).result().list().result()
            listed = {key.removesuffix(b"/.zarray").decode() for key in keys if key.endswith(b"/.zarray")}
            if listed != expected.keys():
                raise CheckFailed(f"{place}: {item} lacks {', '.join(sorted(expected.keys() - listed))}", REMEDY)
            for name, checksum in expected.items() if full else ():
                if _read_checksum(store, name) != checksum:
                    raise CheckFailed(f"{place}: the bytes of {item}/{name} are not those that were written", REMEDY)
    except (OSError, ValueError) as error:
        raise CheckFailed(
            f"{place}: cannot be read back after writing ({str(error).splitlines()[0][:200]})", REMEDY
        ) from error


def _store(directory: str) -> dict[str, Any]:
    base = directory if is_remote(directory) else "file://" + os.path.abspath(local_path(directory))
    return {"driver": "ocdbt", "base": base + "/"}


def _read_checksum(store: dict[str, Any], name: str) -> int:
    array: Any = ts.open({"driver": "zarr", "kvstore": {**store, "path": name + "/"}}, open=True, read=True).result()
    shape = tuple(array.shape)

    def of(chunk: tuple[slice, ...]) -> int:
        read, start = array[chunk].read().result(), tuple(part.start for part in chunk)
        if not shape:
            return block_checksum(read, start, shape)
        rows = max(1, BLOCK_WORDS * len(read) // read.size)
        return sum(
            block_checksum(read[row : row + rows], (start[0] + row, *start[1:]), shape)
            for row in range(0, len(read), rows)
        )

    threads = max(1, min(8, (os.cpu_count() or 1) // 2))
    with ThreadPoolExecutor(threads, thread_name_prefix="read back") as pool:
        return sum(pool.map(of, _chunks(shape, tuple(array.chunk_layout.read_chunk.shape or ())))) % 2**32


def _chunks(shape: tuple[int, ...], chunk: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """The chunks of an array, each of which is decoded whole anyway."""
    ranges = [range(0, size, step) for size, step in zip(shape, chunk, strict=True)]
    for start in itertools.product(*ranges):
        yield tuple(slice(at, min(at + step, size)) for at, step, size in zip(start, chunk, shape, strict=True))
