"""Where text comes from: one config class per kind of source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.rules import Rule

Redactable = Literal["email", "ip_address", "secret"]

PERMISSIVE_LICENSES = ("mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "cc0-1.0")

Filters = str | tuple[Rule, ...]
"""A rule set's name (`codegen`, `bigcode`, `none`, ...) or rules written out."""

VERSION_CONTROL = frozenset((".git", ".hg", ".svn", ".bzr"))
"""Folders in which no directory tree is read."""


class _SourceBase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    filters: Filters = "codegen"
    redact: tuple[Redactable, ...] = ()
    """Personal data to replace before anything else looks at a text: signals, hashes and tokens see what results."""
    max_document_bytes: int = Field(default=64 << 20, gt=0)
    """A longer document is rejected as `too_large`, without being held in memory."""


class _FileSource(_SourceBase):
    paths: tuple[str, ...] = Field(min_length=1)
    """Local or gs:// paths; `*`, `**`, `?` and `[]` are globs."""


class PileSource(_FileSource):
    """The Pile's `.jsonl`, `.jsonl.gz` or `.jsonl.zst`: `text` and `meta.pile_set_name`."""

    kind: Literal["pile_jsonl"]
    language: str = "english"
    weights: dict[str, Annotated[float, Field(ge=0, le=100)]] = {}
    """How often each document of a `pile_set_name` is trained on; a set that is not named counts 1.

    The Pile repeats documents on purpose; deduplication takes the copies away, and the weight puts the share back: 2.5
    places every document twice and half of them, chosen by a keyed hash, a third time.
    """


class GithubSource(_FileSource):
    """Files with the columns of a BigQuery github_repos export: `path`, `content`, and what else there is."""

    kind: Literal["github_parquet", "github_avro", "github_json"]
    languages: tuple[str, ...] = Field(min_length=1)
    """Languages to take, by path extension."""


class BigQuerySource(_SourceBase):
    """A query on BigQuery's public copy of GitHub, or on tables of one's own; see docs/bigquery.md."""

    kind: Literal["bigquery"]
    project: str = Field(min_length=1)
    """The project that pays for the query."""
    temporary: str = Field(pattern=r"^gs://[^/]+")
    """Where Beam puts what it exports; it deletes it again."""
    languages: tuple[str, ...] = Field(min_length=1)
    """Languages to take, by path extension."""
    dataset: str = Field(default="bigquery-public-data.github_repos", pattern=r"^[A-Za-z0-9_.:-]+\.[A-Za-z0-9_]+$")
    """`project.dataset` with the tables files, contents and licenses."""
    licenses: tuple[str, ...] = Field(default=PERMISSIVE_LICENSES, min_length=1)
    """Repositories to take, by the names of the licenses table."""
    query: str | None = None
    """GoogleSQL to run instead of codemill's own: `path` and `content` are needed, `repo_name`, `license`, `ref`,
    `copies` and `stars` used."""
    method: Literal["export", "direct_read"] = "export"
    """`export`: Avro files on `temporary`, free of charge; `direct_read`: the Storage Read API, sooner and priced."""
    files: int = Field(default=1024, gt=0)
    """Parquet files that the rows are put into, each sorted in the memory of one worker."""
    max_scanned_bytes: int | None = Field(default=None, gt=0)
    """A query that BigQuery's dry run says would read more is not run."""


class DirectorySource(_FileSource):
    """Directory trees of repositories; licence and language by path."""

    kind: Literal["directory"]
    languages: tuple[str, ...] = Field(min_length=1)
    repositories: Literal["children", "root"] = "children"
    """Whether each child of a path is a repository, or the path itself is one."""


class GitSource(_FileSource):
    """Git repositories on a local disk, bare or checked out, read at a revision; licence and language by path."""

    kind: Literal["git"]
    languages: tuple[str, ...] = Field(min_length=1)
    revision: str = Field(default="HEAD", min_length=1)
    """A commit, tag or branch, by any name that git knows; the commit it means goes with each document."""


FileSourceConfig = PileSource | GithubSource | DirectorySource | GitSource
"""A source that reads files."""
SourceConfig = Annotated[FileSourceConfig | BigQuerySource, Field(discriminator="kind")]
