"""Arrow schemas of the datasets that flow between the passes.

A *document key* is a uint64 that exists only inside one build: block ordinal << 32 | row in the block. A *document id*
is 16 bytes that mean the same document in every build: a hash of (source, repository, path, revision).
"""

from __future__ import annotations

import hashlib

import pyarrow as pa

BLOCK_BYTES = 64 << 20
"""Text bytes of a block; a block closes at the first document that reaches this."""

MAXIMUM_RULES = 64
"""Rules of one source: the hit map is one uint64."""

ID_TYPE = pa.binary(16)
HASH_TYPE = pa.binary(32)

RAW_SCHEMA = pa.schema(
    [
        ("repository", pa.string()),
        ("path", pa.string()),
        ("revision", pa.string()),
        ("license", pa.string()),
        ("language", pa.string()),
        ("subset", pa.string()),
        ("stars", pa.int32()),
        ("copies", pa.int32()),
        ("text", pa.large_binary()),
    ]
)
"""What a source reader yields: valid UTF-8 without NUL, never empty."""

REJECT_SCHEMA = pa.schema(
    [
        ("stage", pa.string()),
        ("source", pa.string()),
        ("file", pa.string()),
        ("place", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("bytes", pa.int64()),
    ]
)

DUPLICATE_SCHEMA = pa.schema(
    [
        ("key", pa.uint64()),
        ("kept_key", pa.uint64()),
        ("kept_id", ID_TYPE),
        ("kind", pa.string()),
        ("jaccard", pa.float64()),
        ("containment", pa.float64()),
    ]
)
"""One row per dropped document of a block, ordered by key. `jaccard` and `containment` are 1 for exact duplicates."""

REDACTED_TYPE = pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())]))
"""What was replaced in a document: bytes of the text as it was read. The secret itself is recorded nowhere."""

BENCHMARK_TYPE = pa.list_(
    pa.struct([("problem", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("words", pa.int32())])
)
"""What a document shares with benchmark problems: bytes of the stored text."""

TOKENS_SCHEMA = pa.schema(
    [
        ("row", pa.uint32()),
        ("id", ID_TYPE),
        ("split", pa.string()),
        ("epochs", pa.uint16()),
        ("tokens", pa.int64()),
        ("ids", pa.large_binary()),
    ]
)
"""One row per kept document of a block; `ids` are little-endian uint16, or uint32 where the vocabulary needs it.

`epochs` is how often the document is placed in its split's shards: 1 unless its source has weights.
"""

LINKS_SCHEMA = pa.schema(
    [
        ("group", ID_TYPE),
        ("path", pa.string()),
        ("provides", pa.list_(pa.uint64())),
        ("requires", pa.list_(pa.uint64())),
    ]
)
"""Row for row beside the tokens of a block whose stage is in repository order: hashes of the names that others import a
document by, and of the names that it imports itself. `group` is the repository's; a document without one is its own."""

PROVENANCE_SCHEMA = pa.schema(
    [
        ("id", ID_TYPE),
        ("copy", pa.uint16()),
        ("key", pa.uint64()),
        ("first", pa.int64()),
        ("tokens", pa.int64()),
        ("start", pa.int64()),
        ("ids", pa.int64()),
        ("form", pa.int8()),
    ]
)
"""One row per piece of a document in a shard, ascending by `start`: tokens [first, first + tokens) of the document are
the `ids` ids from place `start` on. Concatenated documents are one piece each; `form` is 0 for ids as they are,
1 and 2 for pieces rewritten as prefix, suffix, middle and as suffix, prefix, middle.

A document of several epochs has its pieces as many times, in one shard or several; `copy` counts them from 0.
"""


FINAL_COLUMNS = (
    ("outcome", pa.string()),
    ("kept_key", pa.uint64()),
    ("kept_id", ID_TYPE),
    ("jaccard", pa.float64()),
    ("containment", pa.float64()),
    ("split", pa.string()),
    ("epochs", pa.uint16()),
    ("tokens", pa.int64()),
)
"""What publication adds to a document's row: its outcome, the evidence, and where it went."""


FINGERPRINT_SCHEMA = pa.schema([("signature", pa.binary(1024)), ("text", pa.large_binary())])
"""Row for row as in the document table: the sketch of each document that was searched for near-duplicates, and the text
of those of them that were kept. A later build and `codemill near` compare with these."""

BAND_SCHEMA = pa.schema([("band_key", pa.uint64()), ("key", pa.uint64())])
"""The kept documents' band keys, ascending, with document keys: where a look-up finds candidates."""


def table_name(block: int) -> str:
    """A block's document table, relative to the snapshot."""
    return f"documents/{block:06d}.parquet"


def fingerprints_name(block: int) -> str:
    """A block's fingerprints, relative to the snapshot."""
    return f"fingerprints/{block:06d}.parquet"


def bands_name(part: int, parts: int) -> str:
    """Part `part` of the band index: band keys of the range [part, part + 1) * 2**64 / parts."""
    return f"fingerprints/bands-{part:05d}-of-{parts:05d}.parquet"


def document_key(block: int, row: int) -> int:
    """The key of a row of a block."""
    return block << 32 | row


def split_key(key: int) -> tuple[int, int]:
    """(block ordinal, row) of a document key."""
    return key >> 32, key & 0xFFFFFFFF


def document_id(source: str, repository: str, path: str, revision: str) -> bytes:
    """The 16-byte public id of a document; fields are length-prefixed so that no two tuples collide by joining."""
    return _hash_of(source, repository, path, revision, person=b"codemill doc id")


def repository_id(source: str, repository: str) -> bytes:
    """The 16-byte id of a repository of a source."""
    return _hash_of(source, repository, person=b"codemill repo id")


def _hash_of(*fields: str, person: bytes) -> bytes:
    encoded = [field.encode("utf-8", "surrogateescape") for field in fields]
    content = b"".join([part for field in encoded for part in (len(field).to_bytes(8, "little"), field)])
    return hashlib.blake2b(content, digest_size=16, person=person).digest()
