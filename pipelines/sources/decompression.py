"""Decompress a stream piece by piece, and notice when it ends too early.

A `.gz` is any number of members, a `.zst` any number of frames. Readers that stop after the first, or that take the end
of the file for the end of the data, lose documents without a word: here every member and frame has to come to its end.
Output is asked for in pieces of limited size, so that a file which expands a million times still takes little memory.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from pipelines.sources.elements import FileRejected
from schemas.reasons import Reject

PIECE_BYTES = 1 << 20
"""Decompressed bytes of a piece at most."""
_READ_BYTES = 1 << 18
_WINDOW_LOG = 31
"""The longest window the format's tools write (`zstd --long=31`): 2 GiB."""


class _Decoder(Protocol):
    """One member or frame; the interface of `compression.zstd.ZstdDecompressor`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _GzipMember:
    """zlib's decompressor behind the same interface."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._member.decompress(self._member.unconsumed_tail or data, max_length)


def _zstd_frame() -> _Decoder:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


def decompressed(stream: pa.NativeFile, name: str) -> Iterator[bytes]:
    """The content of a stream, decompressed if the file's name ends in `.gz` or `.zst`.

    Yields:
        Pieces of 1 byte to PIECE_BYTES.

    Raises:
        FileRejected: the file ends inside a member or frame, or has none (truncated), or is damaged (corrupt).
    """
    if name.endswith(".gz"):
        return _pieces(stream, _GzipMember, "gzip member", padding=b"\0")
    if name.endswith(".zst"):
        return _pieces(stream, _zstd_frame, "zstd frame", padding=b"")
    return iter(lambda: bytes(stream.read(PIECE_BYTES)), b"")


def _pieces(stream: pa.NativeFile, new: Callable[[], _Decoder], part: str, padding: bytes) -> Iterator[bytes]:
    """Decode parts one after the other. gzip allows zero bytes as padding after the last member."""
    data, count = stream.read(_READ_BYTES), 0
    while True:
        if count > 0 and padding:
            data = data.lstrip(padding)
        if not data:
            data = stream.read(_READ_BYTES)
            if data:
                continue
            if count == 0:
                raise FileRejected(Reject.TRUNCATED_FILE, "", f"empty: not even one {part}")
            return
        decoder, count = new(), count + 1
        while not decoder.eof:
            if decoder.needs_input and not data:
                data = stream.read(_READ_BYTES)
                if not data:
                    raise FileRejected(Reject.TRUNCATED_FILE, "", f"the file ends inside {part} {count}")
            try:
                piece = decoder.decompress(data if decoder.needs_input else b"", PIECE_BYTES)
            except (zlib.error, zstd.ZstdError) as error:
                raise FileRejected(Reject.CORRUPT_FILE, "", f"{part} {count}: {error}") from None
            data = b""
            if piece:
                yield piece
        data = decoder.unused_data
