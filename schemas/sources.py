"""Where text comes from: one config class per kind of source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.rules import Rule

Redactable = Literal["email", "ip_address", "secret"]

Filters = str | tuple[Rule, ...]
"""A rule set's name (`codegen`, `bigcode`, `none`, ...) or rules written out."""


class _SourceBase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[str, ...] = Field(min_length=1)
    """Local or gs:// paths; `*`, `**`, `?` and `[]` are globs."""
    filters: Filters = "codegen"
    redact: tuple[Redactable, ...] = ()
    """Personal data to replace before anything else looks at a text: signals, hashes and tokens see what results."""
    max_document_bytes: int = Field(default=64 << 20, gt=0)
    """A longer document is rejected as `too_large`, without being held in memory."""


class PileSource(_SourceBase):
    """The Pile's `.jsonl`, `.jsonl.gz` or `.jsonl.zst`: `text` and `meta.pile_set_name`."""

    kind: Literal["pile_jsonl"]
    language: str = "english"
    weights: dict[str, Annotated[float, Field(ge=0, le=100)]] = {}
    """How often each document of a `pile_set_name` is trained on; a set that is not named counts 1.

    The Pile repeats documents on purpose; deduplication takes the copies away, and the weight puts the share back: 2.5
    places every document twice and half of them, chosen by a keyed hash, a third time.
    """


class GithubParquetSource(_SourceBase):
    """Parquet with the columns of a BigQuery github_repos export."""

    kind: Literal["github_parquet"]
    languages: tuple[str, ...] = Field(min_length=1)
    """Languages to take, by path extension."""


class DirectorySource(_SourceBase):
    """Directory trees of repositories; licence and language by path."""

    kind: Literal["directory"]
    languages: tuple[str, ...] = Field(min_length=1)
    repositories: Literal["children", "root"] = "children"
    """Whether each child of a path is a repository, or the path itself is one."""


SourceConfig = Annotated[PileSource | GithubParquetSource | DirectorySource, Field(discriminator="kind")]
