"""The kinds of data that a build reads, the names they go by, and which languages are prose, code or data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """A source's `kind` in a build config."""

    PILE = "pile_jsonl"
    PARQUET = "github_parquet"
    AVRO = "github_avro"
    JSON = "github_json"
    GIT = "git"
    TREE = "directory"


WORDS: Mapping[Kind, str] = {
    Kind.PILE: "JSON Lines with a text each",
    Kind.PARQUET: "Parquet of github_repos",
    Kind.AVRO: "Avro of github_repos",
    Kind.JSON: "JSON Lines of github_repos",
    Kind.GIT: "Git repositories",
    Kind.TREE: "files of code and text",
}
"""What a kind is called when it is told of."""

LOOKED_FOR = (
    "JSON Lines (.jsonl, .jsonl.gz, .jsonl.zst) with a key `text`; Parquet, Avro or JSON Lines with the columns `path`"
    " and `content`; Git repositories on a local disk; files whose names tell a language, such as .py or .md"
)

PACKED = (".gz", ".zst")
DATA_SUFFIXES = (*(name + packed for name in (".jsonl", ".json") for packed in ("", *PACKED)), ".parquet", ".avro")
"""Names of files that hold many documents. Not each `.json` does, so those are opened before they are believed."""

PROSE = frozenset(("markdown", "restructuredtext", "text", "tex"))
MARKUP = frozenset(("css", "html", "ini", "json", "less", "scss", "toml", "xml", "yaml"))
"""Markup, settings and data, which are not taken unless they are asked for."""


def data_suffix(relative: str) -> str:
    """The ending by which a file may hold many documents; "" if it has none of these."""
    return next((suffix for suffix in DATA_SUFFIXES if relative.endswith(suffix)), "")
