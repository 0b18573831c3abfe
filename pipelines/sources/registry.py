"""The reader of each kind of source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias, assert_never

from pipelines.sources import directory, git, github_avro, github_json, github_parquet, jsonl
from pipelines.sources.elements import Element
from pipelines.sources.inputs import printable
from pipelines.sources.unit import Unit
from schemas.errors import CodemillError
from schemas.sources import DirectorySource, FileSourceConfig, GithubSource, GitSource, PileSource

Planner: TypeAlias = Callable[[str, FileSourceConfig], list[Unit]]
"""What cuts a source into units: `plan`, or something that takes some of its units only."""


def plan(source: str, config: FileSourceConfig) -> list[Unit]:
    """Cut a source into units, in an order that depends on the files' relative names alone.

    Args:
        source: the source's name in the build config.
        config: the source.

    Raises:
        CodemillError: a path matches nothing or cannot be listed.
    """
    match config:
        case PileSource():
            return jsonl.plan(source, config)
        case GithubSource():
            match config.kind:
                case "github_parquet":
                    return github_parquet.plan(source, config)
                case "github_avro":
                    return github_avro.plan(source, config)
                case "github_json":
                    return github_json.plan(source, config)
        case DirectorySource():
            return directory.plan(source, config)
        case GitSource():
            return git.plan(source, config)
    assert_never(config)


def read(unit: Unit, config: FileSourceConfig) -> Iterator[Element]:
    """A unit's blocks of documents, reject rows and counts of what was not asked for.

    Args:
        unit: from `plan` with the same config.
        config: the source.

    Yields:
        Blocks (`RAW_SCHEMA`, of about BLOCK_BYTES of text), `RejectRow`s and `Skipped`s. Same unit, same elements.

    Raises:
        FileRejected: the unit's file is bad as a whole; what was yielded before does not count.
        CodemillError: an input has changed since it was planned, or storage fails.
    """
    try:
        match config:
            case PileSource():
                yield from jsonl.read(unit, config)
            case GithubSource():
                match config.kind:
                    case "github_parquet":
                        yield from github_parquet.read(unit, config)
                    case "github_avro":
                        yield from github_avro.read(unit, config)
                    case "github_json":
                        yield from github_json.read(unit, config)
            case DirectorySource():
                yield from directory.read(unit, config)
            case GitSource():
                yield from git.read(unit, config)
            case _:
                assert_never(config)
    except OSError as error:
        first = printable(unit.files[0].uri)
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise CodemillError(f"{first}: cannot be read ({words})", "check the storage, then build again") from error
