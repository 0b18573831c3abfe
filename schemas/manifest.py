"""The manifest: what a snapshot holds, written last, so that a snapshot without one is not a snapshot.

`digest` is the SHA-256 of the manifest itself without that field, in canonical JSON. It covers every file's SHA-256,
the ledger and the config; two snapshots with equal digests are byte-identical. No clock, host name or worker count
goes in.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import CheckFailed, CodemillError
from schemas.ledger import Ledger
from schemas.rules import Rule
from storage.files import exists, join, read_bytes

FORMAT_VERSION = 3
MANIFEST_NAME = "manifest.json"
REPORT_NAME = "report.html"
CARD_NAME = "README.md"
CROISSANT_NAME = "croissant.json"
ATTRIBUTION_NAME = "attribution.csv"
PAGE_NAMES = (REPORT_NAME, CARD_NAME, CROISSANT_NAME, ATTRIBUTION_NAME)
"""Pages that may lie beside a manifest. They follow from the snapshot, and its digest does not cover them."""
PLAN_NAME = "plan.json"
"""Where a training run keeps its plan: what tells a run from a snapshot."""
TRAIN_SPLIT = "train"
VALIDATION_PREFIX = "validation-"
"""Held-out documents are one split per language: `validation-python`."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shard(_Frozen):
    """One TFRecord file."""

    name: str
    """Path relative to the snapshot, for example `shards/mono/train-00000-of-00032.tfrecord`."""
    records: int
    bytes: int
    sha256: str
    documents: int
    document_tokens: int
    rewritten: int
    """Ids of pieces rewritten for filling in the middle, less the tokens that they stand for."""
    separators: int
    """After documents and rewritten pieces; those of the padding not counted."""
    padding: int


class FillInTheMiddle(_Frozen):
    """Special tokens of rewritten pieces, and how many pieces are."""

    prefix_id: int
    suffix_id: int
    middle_id: int
    pieces: int
    rewritten_pieces: int


class Packing(_Frozen):
    """How a split's documents lie in its records; `docs/data-format.md` states the rules.

    A separator belongs to the document that it ends, and a segment begins behind each: attention and positions that
    stop at documents follow from the ids alone. A separator behind a separator is padding and not to be predicted.
    """

    kind: Literal["concatenate", "best_fit"]
    order: Literal["shuffled", "repository"]
    stride: int
    """Places from one packed record to the next: context_length where neighbours share an id, one more otherwise."""
    separator_id: int
    fill_in_the_middle: FillInTheMiddle | None = None


class Split(_Frozen):
    """Shards of one split of one stage, in order; record i of the split counts through them."""

    shards: tuple[Shard, ...]
    packing: Packing
    feeds_hosts: int
    """The largest number of hosts, up to the one asked for, that get equal numbers of these shards."""

    @property
    def records(self) -> int:
        """Records in all shards."""
        return sum(shard.records for shard in self.shards)


class Stage(_Frozen):
    """One training stage's data."""

    splits: dict[str, Split]

    def validation_languages(self) -> list[str]:
        """Languages with a held-out split, sorted."""
        return sorted(n.removeprefix(VALIDATION_PREFIX) for n in self.splits if n.startswith(VALIDATION_PREFIX))


class Tokenizer(_Frozen):
    """Which tokenizer made the ids."""

    kind: str
    identity: str
    """SHA-256 over its files."""
    size: int
    """Ids in use: every id is below this."""
    separator_id: int


class File(_Frozen):
    """Any other file of the snapshot."""

    bytes: int
    sha256: str


class Against(_Frozen):
    """An earlier snapshot whose documents were left out of this one."""

    name: str
    digest: str
    tables: int
    """Its document tables: their ordinals in document keys follow those before it."""


class Input(_Frozen):
    """One input unit as it was read: its files' bytes are what this snapshot was made from."""

    source: str
    file: str
    """The first file's name, relative to its source's paths."""
    start: int
    end: int
    """Which part of the file, or of the listing of `files` files."""
    files: int
    documents: int
    bytes: int
    sha256: str
    """SHA-256 over the accepted documents' SHA-256 in order."""


class Manifest(_Frozen):
    """A snapshot's table of contents; `manifest.json`."""

    format_version: int
    name: str
    seed: int
    digest: str
    code_version: str
    libraries: dict[str, str]
    """Versions of the libraries that shape bytes (Parquet files, tokenizer training)."""
    config: dict[str, Any]
    context_length: int
    id_bytes: int
    hosts: int
    tokenizer: Tokenizer
    stages: dict[str, Stage]
    ledger: Ledger
    deduplication: dict[str, int]
    """Counts of the near-duplicate search: candidate pairs, verified pairs, capped buckets, largest bucket."""
    fingerprint: dict[str, str | int]
    """What sketches and shingles are made of; snapshots can be compared where this is the same."""
    band_parts: int
    """Parts of the band index; 0 where near-duplicates were not searched for."""
    against: tuple[Against, ...] = ()
    """Earlier snapshots, in the order of rank: `kept_key` counts their blocks after this one's."""
    rules: dict[str, tuple[Rule, ...]]
    """The filter rules of each source, written out; bit i of a document's `hits` is rule i."""
    tables: tuple[str, ...]
    """Document tables in block order: the table's position is the upper half of a document key."""
    inputs: tuple[Input, ...]
    files: dict[str, File]

    def computed_digest(self) -> str:
        """The digest that this content must have."""
        content = self.model_dump(mode="json", exclude={"digest"})
        return hashlib.sha256(canonical_json(content)).hexdigest()

    def sealed(self) -> Manifest:
        """The same manifest with its digest filled in."""
        return self.model_copy(update={"digest": self.computed_digest()})

    def to_bytes(self) -> bytes:
        """The bytes of `manifest.json`."""
        return json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def canonical_json(value: Any) -> bytes:
    """One spelling per value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


_RESTORE = "restore it from a copy, or build the snapshot again"


def _no_snapshot(path: str) -> CodemillError:
    """What to say of a place without a manifest, by what is there instead."""
    if exists(join(path, PLAN_NAME)):
        return CodemillError(f"{path}: is a run, not a snapshot", "`codemill lineage` names the snapshots of a run")
    if exists(join(path, "shards")) or exists(join(path, "documents")) or exists(f"{path.rstrip('/')}.work"):
        return CodemillError(
            f"{path}: is not a finished snapshot: there is no {MANIFEST_NAME} yet",
            f"`codemill build CONFIG --output {path}` goes on where it stopped",
        )
    what = "is no snapshot" if exists(path) else "there is no such directory"
    return CodemillError(f"{path}: {what}", "name a directory that `codemill build` has finished")


def load_manifest(snapshot: str) -> Manifest:
    """Read a snapshot's manifest and check its digest.

    Raises:
        CodemillError: there is no manifest, or it is of another format version.
        CheckFailed: it is not what its digest says.
    """
    path = join(snapshot, MANIFEST_NAME)
    if not exists(path):
        raise _no_snapshot(snapshot)
    try:
        data = json.loads(read_bytes(path))
        if not isinstance(data, dict) or "format_version" not in data:
            raise ValueError("it has no format_version")
        version = data["format_version"]
    except (ValueError, RecursionError) as error:
        words = str(error).splitlines()[0]
        raise CheckFailed(f"{path}: is damaged, or no manifest ({words})", _RESTORE) from None
    if version != FORMAT_VERSION:
        remedy = "build it again with this one"
        if isinstance(version, int) and version > FORMAT_VERSION:
            remedy = "use the newer codemill that wrote it, or build it again with this one"
        raise CodemillError(f"{path}: is of format version {version}; this codemill reads {FORMAT_VERSION}", remedy)
    try:
        manifest = Manifest.model_validate(data)
    except ValidationError as error:
        first, *_ = error.errors()
        place = ".".join(map(str, first["loc"]))
        raise CheckFailed(f"{path}: is damaged, or no manifest ({place}: {first['msg']})", _RESTORE) from None
    if manifest.digest != manifest.computed_digest():
        raise CheckFailed(f"{path}: content does not match its digest: it was edited or damaged", _RESTORE)
    return manifest
