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

from schemas.crc import crc32c_rows, masked_crc32c
from schemas.errors import CheckFailed, CodemillError
from schemas.frames import TAIL_BYTES, first_broken, write_tails
from schemas.varints import packer, unpacker

FEATURE = b"text"
MAX_ID_BYTES = 4
"""28 bits: every id that fits a record fits an int32."""

_FRAME_HEAD = 12  # u64 length and its CRC
# Records handled at a time: a second look at their bytes finds them in the processor's cache.
_CHUNK_BYTES = 1 << 18


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
    def _header_array(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.header, np.uint8)

    @cached_property
    def record_bytes(self) -> int:
        """R, the size of a record: record i of a shard starts at byte i * R."""
        return len(self.header) + self.ids_per_record * self.id_bytes + TAIL_BYTES

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
        pack = packer(self.id_bytes)
        for rows in self._chunks(len(ids)):
            chunk = records[rows]
            chunk[:, : len(self.header)] = self._header_array
            part = _as_uint32(ids[rows])
            if part is None or not pack(part, chunk.reshape(-1), self.record_bytes, len(self.header)):
                row, column = np.argwhere((ids < 0) | (ids >= self.id_limit))[0]
                raise CodemillError(
                    f"id {ids[row, column]} in row {row}, column {column} does not fit {self.id_bytes} bytes",
                    f"ids of this layout are 0 to {self.id_limit - 1}; use a wider id_bytes for more",
                )
            write_tails(chunk.reshape(-1), self.record_bytes, crc32c_rows(chunk[:, _FRAME_HEAD:-TAIL_BYTES]))
        return records

    def decode(self, records: NDArray[np.uint8], source: str = "records") -> NDArray[np.int32]:
        """The ids of records, after checking every header and CRC.

        Args:
            records: uint8 [n, record_bytes], contiguous.
            source: where the records come from, for the error.

        Returns:
            int32 [n, context_length + 1].

        Raises:
            CorruptRecord: naming the source, the record and its byte offset.
        """
        rows = np.arange(len(records))
        ids = np.empty((rows.size, self.ids_per_record), np.int32)
        bad = self.decode_rows(records, rows, ids)
        if bad >= 0:
            raise self.corrupt(source, bad)
        return ids

    def decode_rows(
        self,
        records: NDArray[np.uint8],
        rows: NDArray[np.int64],
        ids: NDArray[np.int32],
        places: NDArray[np.int64] | None = None,
    ) -> int:
        """Decode chosen records, which may lie in a memory map, without copying them together first.

        Args:
            records: uint8 [n, record_bytes], contiguous.
            rows: which of them, int64 [m], each in [0, n).
            ids: receives the ids, int32 [k, context_length + 1], contiguous.
            places: the row of `ids` for each of `rows`, int64 [m], each in [0, k); 0 .. m - 1 by default.

        Returns:
            Place in `rows` of the first corrupt record, or -1. After a corrupt one, those rows of `ids` are void.
        """
        places = np.arange(rows.size) if places is None else places
        unpack = unpacker(self.id_bytes)
        size, header = self.record_bytes, self._header_array
        flat = records.reshape(-1)
        for part in self._chunks(rows.size):
            chosen = rows[part]
            starts = (chosen * size).tolist()
            crcs = crc32c_rows([flat[start + _FRAME_HEAD : start + size - TAIL_BYTES] for start in starts])
            bad = first_broken(flat, chosen, size, header, crcs)
            if bad < 0:
                # A record that another program wrote may pass this test and still spell its ids in other widths.
                bad = unpack(flat, chosen, size, header.size, ids, places[part])
            if bad >= 0:
                return int(part.start + bad)
        return -1

    def corrupt(self, source: str, record: int) -> CorruptRecord:
        """The error for record number `record` of the file `source`."""
        return CorruptRecord(
            f"{source}: record {record} at byte {record * self.record_bytes} is corrupt: its header, checksum "
            "or ids are not what was written",
            "fetch or build this shard again",
        )

    def _chunks(self, records: int) -> list[slice]:
        step = max(1, _CHUNK_BYTES // self.record_bytes)
        return [slice(start, min(start + step, records)) for start in range(0, records, step)]


def _as_uint32(ids: NDArray[Any]) -> NDArray[np.uint32] | None:
    """The same ids, contiguous; negative ones become too large for any layout. None where one has more than 32 bits."""
    if ids.itemsize > 4 and ids.size and (ids.min() < 0 or ids.max() > np.iinfo(np.uint32).max):
        return None
    whole = np.ascontiguousarray(ids)
    return whole.view(np.uint32) if whole.dtype in (np.int32, np.uint32) else whole.astype(np.uint32)


def _field_head(number: int, length: int) -> bytes:
    """Tag and length of a length-delimited protobuf field."""
    head = bytearray([number << 3 | 2])
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head)
