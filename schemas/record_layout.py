"""The byte layout of a shard's records: TFRecord frames of one size, so that record i starts at byte i * R.

A frame is `length (u64) | masked CRC of length (u32) | payload | masked CRC of payload (u32)`, little-endian. The
payload is a serialised `tf.train.Example` whose only feature, the int64 list `text`, holds context_length + 1 ids.
Each id is a varint padded to a fixed width: protobuf readers accept the redundant continuation bytes, and every
record gets the same size. `docs/data-format.md` shows the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import load_u64
from schemas.crc import masked_crc32c, masked_crc32c_rows
from schemas.errors import CheckFailed, CodemillError

FEATURE = b"text"
MAX_ID_BYTES = 4
"""28 bits: every id that fits a record fits an int32."""

_FRAME_HEAD = 12  # u64 length and its CRC
_FRAME_TAIL = 4  # CRC of the payload
_CHUNK_BYTES = 1 << 18  # records handled at a time: a second look at the bytes finds them in the processor's cache


class CorruptRecord(CheckFailed):
    """A record whose bytes are not what was written."""


@dataclass(frozen=True)
class RecordLayout:
    """Where each byte of a record lies.

    Attributes:
        context_length: tokens that a record predicts; it holds one id more.
        id_bytes: bytes of one id, 1 to 4; ids must be below 2 ** (7 * id_bytes).
    """

    context_length: int
    id_bytes: int = 3

    def __post_init__(self) -> None:
        if self.context_length < 1:
            raise CodemillError(f"context_length is {self.context_length}", "it must be at least 1")
        if not 1 <= self.id_bytes <= MAX_ID_BYTES:
            raise CodemillError(f"id_bytes is {self.id_bytes}", f"it must be 1 to {MAX_ID_BYTES}")

    @property
    def ids_per_record(self) -> int:
        """Ids in one record: neighbours in a stream overlap by one, so one more than a record predicts."""
        return self.context_length + 1

    @property
    def id_limit(self) -> int:
        """The smallest id that does not fit."""
        return 1 << 7 * self.id_bytes

    @cached_property
    def header(self) -> bytes:
        """The bytes before the first id, the same in every record."""
        ids = self.ids_per_record * self.id_bytes
        example = b""
        # Inside out: Int64List.value (packed) < Feature.int64_list < map value; the map entry's key stands before it.
        for field in (1, 3, 2):
            example = _field_head(field, len(example) + ids) + example
        example = _field_head(1, len(FEATURE)) + FEATURE + example
        for field in (1, 1):  # Features.feature < Example.features
            example = _field_head(field, len(example) + ids) + example
        length = (len(example) + ids).to_bytes(8, "little")
        return length + masked_crc32c(length).to_bytes(4, "little") + example

    @cached_property
    def record_bytes(self) -> int:
        """R, the size of a record: record i of a shard starts at byte i * R."""
        return len(self.header) + self.ids_per_record * self.id_bytes + _FRAME_TAIL

    def encode(self, ids: NDArray[Any]) -> NDArray[np.uint8]:
        """Frame rows of ids as records.

        Args:
            ids: integers [n, context_length + 1], each in [0, id_limit).

        Returns:
            uint8 [n, record_bytes]: the bytes of a TFRecord file.

        Raises:
            CodemillError: an id does not fit, or the array has another shape or type.
        """
        if ids.ndim != 2 or ids.shape[1] != self.ids_per_record or ids.dtype.kind not in "iu":
            raise CodemillError(
                f"an array of shape {list(ids.shape)} and type {ids.dtype} does not make records",
                f"give integers of shape [n, {self.ids_per_record}]",
            )
        records = np.empty((len(ids), self.record_bytes), np.uint8)
        records[:, : len(self.header)] = np.frombuffer(self.header, np.uint8)
        body = records[:, len(self.header) : -_FRAME_TAIL].reshape(*ids.shape, self.id_bytes)
        for rows in self._chunks(len(ids)):
            if not pack_varints(np.ascontiguousarray(ids[rows]), body[rows]):
                row, column = np.argwhere((ids < 0) | (ids >= self.id_limit))[0]
                raise CodemillError(
                    f"id {ids[row, column]} in row {row}, column {column} does not fit {self.id_bytes} bytes",
                    f"ids of this layout are 0 to {self.id_limit - 1}; use a wider id_bytes for more",
                )
            payload = records[rows, _FRAME_HEAD:-_FRAME_TAIL]
            records[rows, -_FRAME_TAIL:] = _little_endian(masked_crc32c_rows(payload))
        return records

    def decode(self, records: NDArray[np.uint8], first: int = 0, source: str = "records") -> NDArray[np.int32]:
        """The ids of records, after checking every header and CRC.

        Args:
            records: uint8 [n, record_bytes], contiguous.
            first: index of the first record within `source`, for the error.
            source: where the records come from, for the error.

        Returns:
            int32 [n, context_length + 1].

        Raises:
            CorruptRecord: naming the source, the record and its byte offset.
        """
        ids = np.empty((len(records), self.ids_per_record), np.int32)
        for rows in self._chunks(len(records)):
            bad = self._decode_chunk(records[rows], ids[rows])
            if bad >= 0:
                record = first + rows.start + bad
                raise CorruptRecord(
                    f"{source}: record {record} at byte {record * self.record_bytes} is corrupt: its header, "
                    "checksum or ids are not what was written",
                    "fetch or build this shard again",
                )
        return ids

    def _decode_chunk(self, records: NDArray[np.uint8], ids: NDArray[np.int32]) -> int:
        """Fill `ids`; the index of the first corrupt record, or -1."""
        header = np.frombuffer(self.header, np.uint8)
        crcs = _little_endian(masked_crc32c_rows(records[:, _FRAME_HEAD:-_FRAME_TAIL]))
        good = (records[:, : header.size] == header).all(axis=1)
        good &= (records[:, -_FRAME_TAIL:] == crcs).all(axis=1)
        if not good.all():
            return int(np.argmin(good))
        # A record that another program wrote may pass both tests and still spell its ids in other widths.
        return int(unpack_varints(records.reshape(-1), self.record_bytes, header.size, self.id_bytes, ids))

    def _chunks(self, records: int) -> list[slice]:
        step = max(1, _CHUNK_BYTES // self.record_bytes)
        return [slice(start, min(start + step, records)) for start in range(0, records, step)]


def _field_head(number: int, length: int) -> bytes:
    """Tag and length of a length-delimited protobuf field."""
    head = bytearray([number << 3 | 2])
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head)


def _little_endian(values: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """uint32 [n] -> uint8 [n, 4]."""
    return values.astype("<u4").view(np.uint8).reshape(-1, 4)


@kernel
def pack_varints(ids: NDArray[Any], body: NDArray[np.uint8]) -> bool:
    """Write ids [n, m] as varints of one width into body, uint8 [n, m, width].

    Returns:
        False when an id did not fit; the body is then void.
    """
    last = body.shape[2] - 1
    limit = np.uint64(1) << np.uint64(7 * body.shape[2])
    highest = np.uint64(0)
    for i in range(ids.shape[0]):
        for j in range(ids.shape[1]):
            wide = np.uint64(ids[i, j])  # a negative id becomes a huge one
            highest = max(highest, wide)
            rest = np.uint32(wide)
            for k in range(last):
                body[i, j, k] = (rest & np.uint32(0x7F)) | np.uint32(0x80)
                rest >>= np.uint32(7)
            body[i, j, last] = rest
    return bool(highest < limit)


@kernel
def unpack_varints(
    records: NDArray[np.uint8], record_bytes: int, start: int, width: int, ids: NDArray[np.int32]
) -> int:
    """Read varints of one width from records, uint8 [n * record_bytes], into ids [n, m].

    Args:
        records: the records back to back; `start` is at least 8, for the wide load ends with the id it reads.
        record_bytes: size of a record.
        start: byte of the first id in its record.
        width: bytes of an id.
        ids: receives the ids.

    Returns:
        The first record whose varints have another width, or -1.
    """
    every = np.uint32(0x80808080) >> np.uint32(32 - 8 * width)
    continued = every >> np.uint32(8)  # all bytes but the last announce another
    for i in range(ids.shape[0]):
        wrong = np.uint32(0)
        end = i * record_bytes + start + width - 8
        for j in range(ids.shape[1]):
            value = np.uint32(load_u64(records, end + j * width) >> np.uint64(64 - 8 * width))
            wrong |= value ^ continued
            ids[i, j] = (
                value & np.uint32(0x7F)
                | (value >> np.uint32(1)) & np.uint32(0x3F80)
                | (value >> np.uint32(2)) & np.uint32(0x1FC000)
                | (value >> np.uint32(3)) & np.uint32(0xFE00000)
            )
        if wrong & every:
            return i
    return -1
