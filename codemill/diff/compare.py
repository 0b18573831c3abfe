"""Compare two snapshots: from their manifests what they were made of and became, from their tables each document."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from codemill.diff.documents import TOTALS, Documents, compare_documents
from codemill.diff.inputs import SourceInput, compare_inputs
from codemill.diff.settings import Setting, compare_settings
from codemill.diff.shards import SplitShards, compare_shards
from codemill.diff.side import read_side
from codemill.diff.tokens import Share, StageTokens, compare_tokens
from schemas.errors import CheckFailed, CodemillError
from schemas.ledger import Amount
from schemas.manifest import load_manifest


@dataclass(frozen=True)
class Difference:
    """How two snapshots differ; both digests are equal where they do not, and then all else is None."""

    digest_a: str
    digest_b: str
    settings: tuple[Setting, ...] | None = None
    inputs: tuple[SourceInput, ...] | None = None
    documents: Documents | None = None
    stages: tuple[StageTokens, ...] | None = None
    shares: tuple[Share, ...] | None = None
    shards: tuple[SplitShards, ...] | None = None

    @property
    def identical(self) -> bool:
        """Whether the snapshots are the same to the byte."""
        return self.digest_a == self.digest_b

    def to_json(self) -> str:
        """The same for machines: one object, keys as the fields are called."""
        content = {"identical": self.identical, **asdict(self)}
        if self.documents is not None:
            content["documents"] |= {name: getattr(self.documents, name) for name in TOTALS}
        return json.dumps(content, indent=1, ensure_ascii=False, default=Amount.model_dump)


def compare(a: str, b: str, limit: int) -> Difference:
    """Compare two snapshots.

    Args:
        a: the directory of one, usually the earlier.
        b: that of the other.
        limit: names shown of each transition.

    Raises:
        CodemillError: one is not a finished snapshot of this format, or is damaged.
    """
    try:
        return _compare(a, b, limit)
    except CheckFailed as damaged:  # whose exit status, 1, would say here that the two differ
        raise CodemillError(damaged.message, damaged.remedy) from None


def _compare(a: str, b: str, limit: int) -> Difference:
    old, new = load_manifest(a), load_manifest(b)
    if old.digest == new.digest:
        return Difference(old.digest, new.digest)
    side_a, side_b = read_side(a, old), read_side(b, new)
    stages, shares = compare_tokens(side_a, side_b)
    return Difference(
        digest_a=old.digest,
        digest_b=new.digest,
        settings=compare_settings(old, new),
        inputs=compare_inputs(old, new),
        documents=compare_documents(side_a, side_b, limit),
        stages=stages,
        shares=shares,
        shards=compare_shards(old, new),
    )
