"""The sample: the same part of every source, so that it is a small corpus of the same mixture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from codemill.estimate.pieces import Piece, part_of, pieces, weight_of
from pipelines.sources import Unit, plan
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.sources import BigQuerySource, FileSourceConfig, GithubSource, SourceConfig


class Source(NamedTuple):
    """A source's input as far as it is at hand."""

    units: list[Unit]
    weight: float


class Chosen(NamedTuple):
    """What was chosen of a source, as units in their order."""

    full: list[Unit]
    small: list[Unit]
    """A part of each, as far as they can be cut, so that both samples are as many files."""
    weight: float
    """Of `full`."""


def sources_of(
    config: BuildConfig, samples: Mapping[str, str], sizes: Mapping[str, int]
) -> tuple[BuildConfig, dict[str, Source]]:
    """The config with files in the place of what is not at hand, and each source's units.

    Raises:
        CodemillError: BigQuery's rows are not at hand, or a path matches nothing.
    """
    standing: dict[str, SourceConfig] = {}
    sources: dict[str, Source] = {}
    for name, source in config.sources.items():
        found = _standing(name, source, samples.get(name), name in sizes)
        units = plan(name, found)
        if not units:
            raise CodemillError(f"source {name!r}: {', '.join(found.paths)} matches no file", "check its paths")
        standing[name], sources[name] = found, Source(units, weight_of(units))
    return config.model_copy(update={"sources": standing}), sources


def _standing(name: str, source: SourceConfig, sample: str | None, is_sized: bool) -> FileSourceConfig:
    if isinstance(source, BigQuerySource):
        if sample is None or not is_sized:
            raise CodemillError(
                f"source {name!r}: what a query gives is not known before it has run",
                f"name Parquet files of some of its rows, --like {name}=FILES, and its text, --size {name}=1TiB",
            )
        shared = source.model_dump(include={"languages", "filters", "redact", "max_document_bytes"})
        return GithubSource.model_validate({"kind": "github_parquet", "paths": (sample,), **shared})
    return source if sample is None else source.model_copy(update={"paths": (sample,)})


def share_out(total: float, wholes: Mapping[str, float], at_hand: Mapping[str, float]) -> dict[str, float]:
    """Bytes of text to take of each source: the same share of all, as large as the input at hand allows.

    Args:
        total: wanted in all.
        wholes: bytes of text of each source.
        at_hand: those of them that can be read here.
    """
    share = min(total / sum(wholes.values()), 1.0, *(at_hand[name] / size for name, size in wholes.items()))
    return {name: share * size for name, size in wholes.items()}


def choose(
    units: Sequence[Unit], weight: float, piece_weight: float, small_share: float, seed: int, directory: str
) -> Chosen:
    """The pieces in hashed order that come nearest to a weight, one at least, and a share of them.

    Args:
        units: of one source.
        weight: aimed at.
        piece_weight: of each piece, aimed at.
        small_share: of the weight, for the smaller sample.
        seed: the config's.
        directory: where copies go.
    """
    taken: list[Piece] = []
    held = 0.0
    for piece in pieces(units, piece_weight, weight, seed, directory):
        if taken and held + piece.weight / 2 > weight:
            break
        taken.append(piece)
        held += piece.weight
    small: list[Piece] = []
    for piece in taken:
        part = part_of(piece, small_share, seed, directory)
        if small and sum(p.weight for p in small) + part.weight / 2 > held * small_share:
            break
        small.append(part)
    return Chosen(_in_plan_order(taken), _in_plan_order(small), held)


def _in_plan_order(taken: Sequence[Piece]) -> list[Unit]:
    return sorted((piece.unit for piece in taken), key=lambda unit: (unit.ordinal, unit.start))
