"""The first job: exact drops and verified pairs.

blocks -> exact rows -> [by hash range] -> exact drops -> [by block] -> a file of drops
blocks - exact drops -> band rows -> [by range of band keys] -> candidate pairs
blocks + requested documents -> shingle sets -> [by bucket of the lower document] -> a file of verified pairs
"""

from __future__ import annotations

from typing import Any

import apache_beam as beam

from pipelines.code_version import code_hash
from pipelines.duplicates.candidates import BandRows, CandidatePairs
from pipelines.duplicates.compared import ComparedBlock, Ranking, keyed_blocks
from pipelines.duplicates.counts import check_arrivals, clear_counts, read_counts, write_counts
from pipelines.duplicates.earlier import Earlier
from pipelines.duplicates.exact import ExactDrops, ExactRows, WriteExact
from pipelines.duplicates.verified import ShingleSets, VerifiedPairs
from pipelines.jobs.exchange import Exchange, exchange
from pipelines.jobs.progress import Done
from pipelines.jobs.runner import Runner
from pipelines.workspace import Dataset, Workspace
from schemas.config import BuildConfig, NearConfig
from storage.listing import list_files

ROWS_PER_PARTITION = 8_000_000
"""Rows of one range of hashes or band keys: about 300 MB in a worker, and as much again to sort them."""

DOCUMENTS_PER_BUCKET = 50_000
LEAST_BUCKETS = 64
"""Verified pairs are made in so many buckets at least, each by one worker at a time."""

REPORTED_COUNTS = ("candidate_pairs", "capped_buckets", "distinct_pairs", "largest_bucket", "verified_pairs")
"""What the manifest says about the search."""


def compare(
    config: BuildConfig,
    blocks: tuple[ComparedBlock, ...],
    documents: int,
    key: str,
    earlier: tuple[Earlier, ...],
    workspace: Workspace,
    runner: Runner,
) -> Dataset:
    """Run the job; the summary holds its counts and the number of buckets.

    Args:
        config: of the build.
        blocks: to compare; those of this build come first.
        documents: in all blocks, about.
        key: what the blocks of this build are determined by.
        earlier: snapshots whose blocks are among `blocks`.
        workspace: where the dataset goes.
        runner: where the job runs.
    """
    code = code_hash("buffers", "dedup", "pipelines.duplicates", "pipelines.jobs.blobs")
    digests = [other.manifest.digest for other in earlier]
    dataset = workspace.dataset("compare", code, config.dedup.decisive(), key, digests)
    if dataset.summary() is not None:
        return dataset
    near = config.dedup.near
    own = sum(not block.is_earlier for block in blocks)
    buckets = max(LEAST_BUCKETS, documents // DOCUMENTS_PER_BUCKET)
    ranking = Ranking.of(config, earlier)

    def build(pipeline: beam.Pipeline, values: Exchange) -> None:
        keyed = keyed_blocks(pipeline, blocks, dataset)
        partitions = 1 + documents // ROWS_PER_PARTITION
        rows = keyed | "Exact rows" >> beam.ParDo(ExactRows(ranking, partitions, values)).with_outputs(
            "counts", main="rows"
        )
        drops = (
            rows.rows
            | "By hash range" >> beam.GroupByKey()
            | "Exact drops" >> beam.ParDo(ExactDrops(own)).with_outputs("counts", main="drops")
        )
        written = (
            {"block": keyed, "exact": drops.drops}
            | "Exact drops by block" >> beam.CoGroupByKey()
            | "Write exact drops" >> beam.ParDo(WriteExact(dataset)).with_outputs("counts", main="blocks")
        )
        counts = [rows.counts, drops.counts, written.counts]
        if near is not None:
            partitions = 1 + documents * near.bands // ROWS_PER_PARTITION
            bands = written.blocks | "Band rows" >> beam.ParDo(
                BandRows(near, ranking, partitions, values)
            ).with_outputs("counts", main="rows")
            pairs = (
                bands.rows
                | "By range of band keys" >> beam.GroupByKey()
                | "Candidate pairs"
                >> beam.ParDo(CandidatePairs(near, partitions, own, buckets, values)).with_outputs(
                    "requests", "counts", main="pairs"
                )
            )
            counts += [bands.counts, pairs.counts, _verify(near, ranking, keyed, pairs, dataset, values)]
        write_counts(counts, dataset.path("counts"))

    clear_counts(dataset.path("counts"))
    total = own + (buckets if near is not None else 0)
    directories = [dataset.path(name) for name in ("exact", "edges")]

    def done() -> Done:
        return Done(sum(len(list_files(directory)) for directory in directories))

    with runner.watch("compare", total, "parts", done), exchange(runner, dataset) as values:
        runner.run(lambda pipeline: build(pipeline, values), "compare")
    counts = read_counts(dataset.path("counts"))
    expected = {
        "exact_blocks": len(blocks),
        "exact_rows": counts.get("exact_rows_sent", 0),
        "exact_drops": counts.get("exact_drops_sent", 0),
        "written_blocks": len(blocks),
        "band_blocks": len(blocks) if near is not None else 0,
        "band_rows": counts.get("band_rows_sent", 0),
        "pairs": counts.get("candidate_pairs", 0),
    }
    check_arrivals(counts, expected)
    dataset.finish({"buckets": buckets, "counts": {name: counts.get(name, 0) for name in REPORTED_COUNTS}})
    return dataset


def _verify(near: NearConfig, ranking: Ranking, blocks: Any, pairs: Any, dataset: Dataset, values: Exchange) -> Any:
    """Candidate pairs and requests -> files of verified pairs; a PCollection of counts."""
    sets = (
        {"block": blocks, "requests": pairs.requests}
        | "Requests by block" >> beam.CoGroupByKey()
        | "Shingle sets" >> beam.ParDo(ShingleSets(ranking, values))
    )
    verified = (
        {"pairs": pairs.pairs, "sets": sets}
        | "Pairs and sets" >> beam.CoGroupByKey()
        | "Verified pairs" >> beam.ParDo(VerifiedPairs(near, dataset)).with_outputs("counts")
    )
    return verified.counts
