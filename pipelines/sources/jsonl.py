"""The Pile's files: JSON Lines, plain, `.gz` or `.zst`, with `text` and `meta.pile_set_name`.

A document's repository is the file's relative name, its path the line number from 1. A plain file of more than
RANGE_BYTES is cut into byte ranges for several workers, none of which knows line numbers; there the path is "@" and the
line's byte offset. A line belongs to the range it starts in. Blank lines are passed over.

A large compressed file can be read from its start only. Several workers each decompress all of it, which is cheap
beside what follows, and each keeps every n-th stripe of the content.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pyarrow as pa

from pipelines.sources.blocks import BlockBuilder
from pipelines.sources.decompression import decompressed
from pipelines.sources.elements import Element, FileRejected, RejectRow
from pipelines.sources.inputs import find_inputs, open_unchanged, printable
from pipelines.sources.json_line import BadLine, JsonDocument, parse_line
from pipelines.sources.lines import Lines, LongLine, split_lines
from pipelines.sources.unit import InputFile, Unit
from schemas.errors import CodemillError
from schemas.reasons import Reject
from schemas.sources import PileSource

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
RANGE_BYTES = 1 << 30
COMPRESSED_BYTES = 256 << 20
"""Compressed bytes for each worker of a file, of which there are at most MOST_STRIPED."""
MOST_STRIPED = 16
STRIPE_BYTES = 64 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_READ_BYTES = 4 << 20


def plan(source: str, config: PileSource) -> list[Unit]:
    """One unit per file, or per range of a large plain one, or per set of stripes of a large compressed one.

    Raises:
        CodemillError: a path matches nothing, or a file of another kind.
    """
    units: list[Unit] = []
    for uri, entry in find_inputs(config.paths, SUFFIXES):
        if not entry.relative.endswith(SUFFIXES):
            raise CodemillError(
                f"{uri}: a file of kind {config.kind} ends in {', '.join(SUFFIXES)}", "narrow the path or rename it"
            )
        file = InputFile(uri, *entry)
        for start, end in _ranges(file.size) if entry.relative.endswith(".jsonl") else _stripes(file.size):
            units.append(Unit(source, config.kind, len(units), (file,), start, end))
    return units


def _ranges(size: int) -> list[tuple[int, int]]:
    """Byte ranges of a plain file."""
    ranges = max(1, -(-size // RANGE_BYTES))
    return [(size * index // ranges, size * (index + 1) // ranges) for index in range(ranges)]


def _stripes(size: int) -> list[tuple[int, int]]:
    """(which stripes, of how many) of a compressed file, or the whole of it as (0, size)."""
    workers = min(MOST_STRIPED, -(-size // COMPRESSED_BYTES))
    return [(0, size)] if workers <= 1 else [(index, workers) for index in range(workers)]


class _Part:
    """Which lines of a file a unit takes, and how their places are called."""

    def __init__(self, unit: Unit) -> None:
        (file,) = unit.files
        self.striped = not file.relative.endswith(".jsonl") and (unit.start, unit.end) != (0, file.size)
        self.numbered = self.striped or (unit.start, unit.end) == (0, file.size)
        """Whether line numbers are known."""
        self._start, self._end = unit.start, unit.end

    def takes(self, offset: int) -> bool:
        """Whether a line that starts at a byte of the content is the unit's."""
        if self.striped:
            return offset // STRIPE_BYTES % self._end == self._start
        return self.numbered or offset < self._end

    def is_past(self, offset: int) -> bool:
        """Whether no line from a byte on is the unit's."""
        return not self.numbered and offset >= self._end


def read(unit: Unit, config: PileSource) -> Iterator[Element]:
    """The unit's documents and rejects.

    Raises:
        FileRejected: the file is truncated or corrupt; what was yielded before does not count.
        CodemillError: the file is not the one that was planned.
    """
    (file,) = unit.files
    part = _Part(unit)
    blocks = BlockBuilder(config.max_document_bytes)
    with open_unchanged(file, random_access=not part.numbered) as stream:
        if part.numbered:
            pieces, offset = decompressed(stream, file.relative), 0
        else:
            pieces, offset = _from_next_line(stream, unit.start)
        for found in split_lines(pieces, config.max_document_bytes, offset):
            if part.is_past(found.offset):
                break
            if not isinstance(found, LongLine):
                yield from _documents(found, unit, config, part, blocks)
            elif part.takes(found.offset):
                detail = f"{found.bytes} bytes; max_document_bytes is {config.max_document_bytes}"
                place = f"line {found.number + 1}" if part.numbered else f"byte {found.offset}"
                yield RejectRow(printable(file.relative), place, Reject.TOO_LARGE, detail, found.bytes)
    yield from blocks.finish()


def _documents(found: Lines, unit: Unit, config: PileSource, part: _Part, blocks: BlockBuilder) -> Iterator[Element]:
    file = printable(unit.files[0].relative)
    documents: list[JsonDocument] = []
    paths: list[str] = []
    offset = found.offset
    for index, line in enumerate(found.lines):
        line_offset, offset = offset, offset + len(line) + 1
        if not part.takes(line_offset) or not line or line.isspace():
            continue
        number = found.number + index + 1
        if line_offset == 0:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        try:
            documents.append(parse_line(line))
            paths.append(str(number) if part.numbered else f"@{line_offset}")
        except BadLine as bad:
            place = f"line {number}" if part.numbered else f"byte {line_offset}"
            if not found.closed and bad.reason in (Reject.MALFORMED_JSON, Reject.NOT_UTF8):
                detail = f"the file ends inside a line ({bad.detail})"
                raise FileRejected(Reject.TRUNCATED_FILE, place, detail) from None
            yield RejectRow(file, place, bad.reason, bad.detail, len(line))
    texts = pa.array([document.text for document in documents], pa.large_string()).view(pa.large_binary())
    columns = {
        "repository": file,
        "path": pa.array(paths, pa.string()),
        "revision": "",
        "license": "",
        "language": config.language,
        "subset": pa.array([document.subset for document in documents], pa.string()),
        "stars": 0,
        "copies": 1,
    }
    places = [f"byte {path[1:]}" if path.startswith("@") else f"line {path}" for path in paths]
    yield from blocks.add(texts, columns, file, places)


def _from_next_line(stream: pa.NativeFile, start: int) -> tuple[Iterator[bytes], int]:
    """The file from the first line that starts at or after byte `start`, and that line's offset."""
    if start == 0:
        return _pieces(stream, b""), 0
    stream.seek(start - 1, os.SEEK_SET)
    offset = start - 1
    while piece := stream.read(_READ_BYTES):
        newline = piece.find(b"\n")
        if newline >= 0:
            return _pieces(stream, piece[newline + 1 :]), offset + newline + 1
        offset += len(piece)
    return iter(()), offset


def _pieces(stream: pa.NativeFile, first: bytes) -> Iterator[bytes]:
    if first:
        yield first
    while piece := stream.read(_READ_BYTES):
        yield piece
