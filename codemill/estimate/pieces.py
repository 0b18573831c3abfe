"""Pieces: a source's units in parts small enough for a sample, in an order that only hashes decide.

A piece is itself a unit. A range of bytes, row groups or files is cut into smaller ranges. Compressed JSON Lines can be
read from their start only: of a file that is larger than a piece, the first part is copied. Avro files stay whole.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources import InputFile, Unit
from pipelines.sources.decompression import decompressed
from pipelines.sources.elements import FileRejected
from pipelines.sources.inputs import open_unchanged
from schemas.keyed_hash import keyed_hash
from storage.files import join, write_atomic
from storage.listing import status

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


LEAST_BYTES = 1 << 17
LEAST_FILES = 16
"""Of a piece, however small the sample: with less, overheads would be measured."""


class Piece(NamedTuple):
    """A part of a source."""

    unit: Unit
    weight: float
    """Stored bytes; of a Git repository, which does not tell them, files."""


def weight_of(units: Sequence[Unit]) -> float:
    """The weight of a whole source; several units may share a file."""
    if units[0].kind == "git":
        return sum(unit.end - unit.start for unit in units)
    if units[0].kind == "directory":
        return sum(file.size for unit in units for file in unit.files[unit.start : unit.end])
    return sum({unit.files[0].uri: unit.files[0].size for unit in units}.values())


def pieces(units: Sequence[Unit], aim: float, total: float, seed: int, directory: str) -> Iterator[Piece]:
    """Pieces for a sample: the first of each unit, units in hashed order, then the second of each, and so on.

    Args:
        units: of one source.
        aim: weight of a piece.
        total: weight of the sample; a compressed file gives one piece only, which is larger where files are few.
        seed: the config's.
        directory: where copies go.
    """
    aim = max(aim, LEAST_FILES if units[0].kind == "git" else LEAST_BYTES)
    head = max(aim, total / len({unit.files[0].uri for unit in units}))
    waiting = [_hashed(_cut(unit, aim, head, directory), seed) for unit in _in_order(units, seed)]
    while waiting:
        for unit_pieces in list(waiting):
            piece = next(unit_pieces, None)
            if piece is None:
                waiting.remove(unit_pieces)
            else:
                yield piece


def part_of(piece: Piece, share: float, seed: int, directory: str) -> Piece:
    """A part of a piece, or all of it where it cannot be cut."""
    aim = piece.weight * share
    return next(_hashed(_cut(piece.unit, aim, aim, directory), seed), piece)


def _in_order(units: Sequence[Unit], seed: int) -> list[Unit]:
    identities = b"".join(bytes.fromhex(unit.identity()) for unit in units)
    hashes = keyed_hash(seed, "estimate", np.frombuffer(identities, np.uint8).reshape(-1, 16))
    return [units[place] for place in np.argsort(hashes, kind="stable")]


def _hashed(cut: Callable[[], list[Piece]], seed: int) -> Iterator[Piece]:
    """The pieces in hashed order, cut when the first is asked for: that may read the file's footer."""
    found = {piece.unit.identity(): piece for piece in cut()}
    if found:
        yield from (found[unit.identity()] for unit in _in_order([piece.unit for piece in found.values()], seed))


def _cut(unit: Unit, aim: float, head: float, directory: str) -> Callable[[], list[Piece]]:
    file = unit.files[0]
    match unit.kind:
        case "git":
            return lambda: _ranges(unit, [1.0] * (unit.end - unit.start), aim)
        case "directory":
            return lambda: _slices(unit, aim)
        case "github_parquet" if file.size > aim:
            return lambda: _ranges(unit, _row_group_bytes(unit), aim)
        case "pile_jsonl" if file.relative.endswith(".jsonl"):
            return lambda: _byte_ranges(unit, aim)
        case "pile_jsonl" | "github_json" if file.size > head:
            # Of the workers that share a large file, the first stands for all.
            return lambda: [_head(unit, head, directory)] if unit.start == 0 else []
        case _:
            return lambda: [Piece(unit, float(file.size))]


def _ranges(unit: Unit, weights: list[float], aim: float) -> list[Piece]:
    """Cut a unit between its parts, wherever the aimed weight is reached."""
    found: list[Piece] = []
    first, held = unit.start, 0.0
    for index, weight in enumerate(weights, unit.start + 1):
        held += weight
        if held >= aim or index == unit.end:
            found.append(Piece(replace(unit, start=first, end=index), held))
            first, held = index, 0.0
    return found or [Piece(unit, 0.0)]


def _slices(unit: Unit, aim: float) -> list[Piece]:
    """Ranges of a unit's own files, each without the other ranges', but with those that state licences."""
    sizes = [float(file.size) for file in unit.files[unit.start : unit.end]]
    stating = unit.files[unit.end :]
    found: list[Piece] = []
    for part, weight in _ranges(unit, sizes, aim):
        own = unit.files[part.start : part.end]
        found.append(Piece(replace(part, files=(*own, *stating), start=0, end=len(own)), weight))
    return found


def _byte_ranges(unit: Unit, aim: float) -> list[Piece]:
    size = unit.end - unit.start
    count = max(1, round(size / aim))
    bounds = [unit.start + size * index // count for index in range(count + 1)]
    return [Piece(replace(unit, start=start, end=end), float(end - start)) for start, end in pairwise(bounds)]


def _row_group_bytes(unit: Unit) -> list[float]:
    try:
        with open_unchanged(unit.files[0], random_access=True) as stream:
            metadata = pq.read_metadata(stream)
    except (pa.ArrowException, FileRejected):
        return []  # the harvest rejects it
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    stored = [float(sum(group.column(i).total_compressed_size for i in range(group.num_columns))) for group in groups]
    # The footer is a part of all of them.
    return [size * unit.files[0].size / sum(stored) for size in stored[unit.start : unit.end]]


def _head(unit: Unit, aim: float, directory: str) -> Piece:
    """The first part of a compressed file, up to the end of a line, as a file of its own."""
    (file,) = unit.files
    held: list[bytes] = []
    read = 0
    with open_unchanged(file) as stream:
        try:
            for piece in decompressed(stream, file.relative):
                if 0 < read < stream.tell():  # everything has come that the bytes up to there hold
                    break
                held.append(piece)
                if not read and stream.tell() >= aim:
                    read = stream.tell()
        except FileRejected:
            return Piece(unit, float(file.size))  # damaged near its start: the harvest says how
    content = b"".join(held)
    whole_lines = content[: content.rfind(b"\n") + 1] or content
    compress = gzip.compress if file.relative.endswith(".gz") else zstd.compress
    name = join(directory, unit.identity(), file.relative.rpartition("/")[2])
    write_atomic(name, compress(whole_lines) if file.relative.endswith((".gz", ".zst")) else whole_lines)
    size, version = status(name)
    copy = InputFile(name, file.relative, size, version)
    return Piece(replace(unit, files=(copy,), start=0, end=size), read * len(whole_lines) / max(1, len(content)))
