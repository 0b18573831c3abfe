"""An estimate: sample the input, build the sample twice, scale what it took to the whole."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import NamedTuple

from codemill.estimate.measure import amounts_of_source, measure_build, search_of, training_bytes
from codemill.estimate.model import Amounts, Measured, Quantity, Term, fit, least, predict, scaled, searched, total
from codemill.estimate.sample import Source, choose, share_out, sources_of
from pipelines.bigquery.fetch import check_scan
from pipelines.documents.harvest import harvest
from pipelines.jobs.progress import Progress, Silence
from pipelines.jobs.runner import Runner
from pipelines.sources import Unit
from pipelines.workspace import Workspace
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from schemas.sources import BigQuerySource
from storage.files import join

PIECES = 16
"""Of a sample: more would know the corpus better, and what a block takes, which is larger than a piece, worse."""

SMALL = 0.25
"""Share of the sample that the smaller of the two builds is of."""


class Wanted(NamedTuple):
    """What is said about a build beside its config, each by source."""

    samples: Mapping[str, str] = {}
    """Files that stand for a source that is not at hand."""
    sizes: Mapping[str, int] = {}
    """Bytes of text that a source really has."""
    kept: Mapping[str, float] = {}
    """Share of them that is kept, where it is known."""


class SourceEstimate(NamedTuple):
    """One source: what was sampled of it, and what it amounts to."""

    sample: Amounts
    whole: Amounts
    scan_dollars: float
    """What BigQuery charges for the query."""


class Estimate(NamedTuple):
    """What a build takes."""

    sources: dict[str, SourceEstimate]
    sample: Measured
    whole: Measured


def estimate(config: BuildConfig, wanted: Wanted, sample_bytes: int, progress: Progress) -> Estimate:
    """Estimate a build from a sample of its input.

    Args:
        config: of the build.
        wanted: what the input at hand does not tell.
        sample_bytes: of text, in all.
        progress: shows the builds of the sample.

    Raises:
        CodemillError: the input is not there, or the sample cannot be built.
    """
    scans = {
        name: check_scan(name, source).dollars
        for name, source in config.sources.items()
        if isinstance(source, BigQuerySource)
    }
    standing, sources = sources_of(config, wanted.samples, wanted.sizes)
    with tempfile.TemporaryDirectory(prefix="codemill-estimate-") as directory:
        density = _text_by_weight(standing, sources, sample_bytes, directory)
        at_hand = {name: source.weight * density[name] for name, source in sources.items()}
        targets = share_out(sample_bytes, {**at_hand, **wanted.sizes}, at_hand)
        piece = sum(targets.values()) / PIECES
        chosen = {
            name: choose(
                source.units,
                targets[name] / density[name],
                piece / density[name],
                SMALL,
                config.seed,
                join(directory, "copies"),
            )
            for name, source in sources.items()
        }
        small = {name: choice.small for name, choice in chosen.items()}
        full = {name: choice.full for name, choice in chosen.items()}
        # The first build loads what is compiled; it is of the smaller sample, and not counted.
        measure_build(standing, small, join(directory, "first"), Silence())
        manifest, smaller, measured = _measure_twice(standing, small, full, directory, progress)
        search = search_of(standing, join(directory, "full-1"))
    found: dict[str, SourceEstimate] = {}
    for row in manifest.ledger.sources:
        name, sample = row.source, amounts_of_source(row)
        size = wanted.sizes.get(name, sample.text * sources[name].weight / chosen[name].weight)
        if wanted.kept.get(name) and not sample.kept:
            raise CodemillError(
                f"source {name!r}: nothing of its sample is kept, so its tokens are not known", "raise --sample"
            )
        found[name] = SourceEstimate(sample, scaled(sample, size, wanted.kept.get(name)), scans.get(name, 0.0))
    whole = total(source.whole for source in found.values())
    whole = whole._replace(
        training=training_bytes(config, whole.kept),
        searched=searched(smaller.amounts, measured.amounts, whole, search),
        builds=1.0,
    )
    fetched = {
        term: value for name in scans for term, value in _fetching(name, found[name], chosen[name].weight).items()
    }
    return Estimate(found, measured, Measured(whole, {**fetched, **predict(fit(smaller, measured), whole)}))


def _fetching(name: str, source: SourceEstimate, stored: float) -> dict[Term, float]:
    """What is known of a query's rows on their way: each goes through a shuffle, then into Parquet like the sample's.

    Their core-hours are not measured: no query is run.
    """
    step, text = f"fetch {name}", source.whole.text
    return {
        Term(step, Quantity.SHUFFLED, "text"): text,
        Term(step, Quantity.WORK, "text"): text * stored / source.sample.text,
    }


def _measure_twice(
    config: BuildConfig,
    small: Mapping[str, list[Unit]],
    full: Mapping[str, list[Unit]],
    directory: str,
    progress: Progress,
) -> tuple[Manifest, Measured, Measured]:
    """(manifest of the full sample, what the smaller build takes, what the full one takes)."""
    smaller, measured = [], []
    for time in ("1", "2"):
        smaller.append(measure_build(config, small, join(directory, f"small-{time}"), Silence())[1])
        manifest, found = measure_build(config, full, join(directory, f"full-{time}"), progress)
        measured.append(found)
    return manifest, least(*smaller), least(*measured)


def _text_by_weight(
    config: BuildConfig, sources: Mapping[str, Source], sample_bytes: int, directory: str
) -> dict[str, float]:
    """Bytes of text that a unit of each source's weight holds, by a harvest of a first small sample."""
    piece = sample_bytes / PIECES
    chosen = {
        name: choose(source.units, piece, piece, SMALL, config.seed, join(directory, "copies"))
        for name, source in sources.items()
    }
    units = {name: choice.full for name, choice in chosen.items()}
    found = harvest(config, Workspace(join(directory, "probe")), Runner(1, Silence()), lambda name, _: units[name])
    text = dict.fromkeys(sources, 0)
    for block in found.blocks:
        text[block.source] += block.text_bytes
    for name, size in text.items():
        if not size:
            raise CodemillError(
                f"source {name!r}: a first sample of it holds no documents", "raise --sample, or look with `build`"
            )
    return {name: size / chosen[name].weight for name, size in text.items()}
