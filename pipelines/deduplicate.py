"""Deduplicate: exact, then verified near-duplicates, as one Beam job.

    blocks -> exact rows -> [by hash range] -> exact drops
    blocks - exact drops -> band rows -> [by band and key range] -> candidate pairs
    blocks + requested documents -> shingle sets -> [by pair bucket] -> verified pairs -> survivors -> near drops
    exact drops + near drops -> [by block] -> one Parquet file of duplicates per block

Only hashes, keys and the shingle sets of candidates are shuffled, as whole arrays. Each arrow counts the rows that set
out and those that arrive: when a runner loses some, the pass fails.
"""

from __future__ import annotations

from typing import Any

import apache_beam as beam

from pipelines.code_version import code_hash
from pipelines.duplicate_steps import (
    BandRows,
    CandidatePairs,
    ExactDrops,
    ExactRows,
    NearDrops,
    ShingleSets,
    VerifiedPairs,
    WriteCounts,
    WriteDuplicates,
)
from pipelines.exchange import Exchange, exchange
from pipelines.harvest import Harvest
from pipelines.runner import Runner
from pipelines.workspace import Dataset, Workspace, read_json
from schemas.config import BuildConfig, DedupConfig, NearConfig
from schemas.errors import CheckFailed
from storage.files import delete_tree
from storage.listing import list_files

ROWS_PER_PARTITION = 4_000_000
"""Rows of one key range: about 100 MB of band rows in a worker."""

REPORTED_COUNTS = ("candidate_pairs", "capped_buckets", "distinct_pairs", "largest_bucket", "verified_pairs")
"""What the manifest says about the search."""


def deduplicate(config: BuildConfig, found: Harvest, workspace: Workspace, runner: Runner) -> Dataset:
    """Run the pass over all harvested blocks; the summary holds the counts of the search."""
    code = code_hash("buffers", "dedup", "pipelines.deduplicate", "pipelines.duplicate_steps", "pipelines.blobs")
    dataset = workspace.dataset("deduplicate", code, config.dedup.model_dump(mode="json"), found.key)
    if dataset.summary() is not None:
        return dataset
    documents = sum(block.documents for block in found.blocks)
    partitions = 1 + documents // ROWS_PER_PARTITION
    priorities = {source: rank for rank, source in enumerate(config.sources)}
    ranking = (config.dedup, list(config.stages), priorities, partitions)

    def build(pipeline: beam.Pipeline) -> None:
        blocks = (
            pipeline
            | "Blocks" >> beam.Create([(block.ordinal, block) for block in found.blocks])
            | "Spread blocks" >> beam.Reshuffle()
        )
        exact = blocks | "Exact rows" >> beam.ParDo(ExactRows(*ranking)).with_outputs("counts", main="rows")
        exact_drops = (
            exact.rows
            | "By hash range" >> beam.GroupByKey()
            | "Exact drops" >> beam.ParDo(ExactDrops()).with_outputs("counts", main="drops")
        )
        drops = {"exact": exact_drops.drops}
        counts = [exact.counts, exact_drops.counts]
        if config.dedup.near is not None:
            drops["near"], near_counts = _near_drops(config.dedup.near, ranking, blocks, exact_drops.drops, values)
            counts += near_counts
        counts.append(
            {"block": blocks, **drops}
            | "Drops by block" >> beam.CoGroupByKey()
            | "Write duplicates" >> beam.ParDo(WriteDuplicates(dataset))
        )
        (
            tuple(counts)
            | "All counts" >> beam.Flatten()
            | "By name" >> beam.GroupByKey()
            | "Write counts" >> beam.ParDo(WriteCounts(dataset))
        )

    def count() -> int:
        return len(list_files(dataset.path("blocks")))

    delete_tree(dataset.path("counts"))  # a killed job's
    with runner.watch("deduplicate", len(found.blocks), "blocks", count), exchange(runner, dataset) as values:
        runner.run(build)
    counts = {
        relative.removesuffix(".json"): read_json(dataset.path("counts", relative))
        for relative, _, _ in list_files(dataset.path("counts"))
    }
    check_complete(counts, len(found.blocks))
    dataset.finish({"counts": {name: counts.get(name, 0) for name in REPORTED_COUNTS}})
    return dataset


def check_complete(counts: dict[str, int], blocks: int) -> None:
    """Compare what was sent with what arrived, step by step.

    Raises:
        CheckFailed: some of it did not arrive.
    """
    expected = {
        "exact_blocks": blocks,
        "written_blocks": blocks,
        "exact_rows": counts.get("exact_rows_sent", 0),
        "band_rows": counts.get("band_rows_sent", 0),
        "pairs": counts.get("candidate_pairs", 0),
        "edges": counts.get("verified_pairs", 0),
        "written_drops": counts.get("drops_sent", 0),
    }
    for name, sent in expected.items():
        arrived = counts.get(name, 0)
        if arrived != sent:
            raise CheckFailed(
                f"deduplicate: {arrived:,} of {sent:,} {name.replace('_', ' ')} arrived: the runner lost some",
                "run the build again; if that fails too, with --workers 1",
            )


def _near_drops(
    near: NearConfig,
    ranking: tuple[DedupConfig, list[str], dict[str, int], int],
    blocks: Any,
    exact: Any,
    values: Exchange,
) -> tuple[Any, list[Any]]:
    """PCollections of blocks and exact drops -> PCollection of near drops by block, and PCollections of counts."""
    bands = (
        {"block": blocks, "exact": exact}
        | "Exact drops by block" >> beam.CoGroupByKey()
        | "Band rows" >> beam.ParDo(BandRows(*ranking)).with_outputs("counts", main="rows")
    )
    candidates = (
        bands.rows
        | "By band and range" >> beam.GroupByKey()
        | "Candidate pairs"
        >> beam.ParDo(CandidatePairs(near.bucket_cap)).with_outputs("requests", "counts", main="pairs")
    )
    sets = (
        {"block": blocks, "requests": candidates.requests}
        | "Requests by block" >> beam.CoGroupByKey()
        | "Shingle sets" >> beam.ParDo(ShingleSets(values))
    )
    verified = (
        {"pairs": candidates.pairs, "sets": sets}
        | "Pairs and sets" >> beam.CoGroupByKey()
        | "Verified pairs" >> beam.ParDo(VerifiedPairs(near)).with_outputs("counts", main="pairs")
    )
    near_drops = (
        verified.pairs
        | "To one place" >> beam.GroupByKey()
        | "Near drops" >> beam.ParDo(NearDrops()).with_outputs("counts", main="drops")
    )
    return near_drops.drops, [bands.counts, candidates.counts, verified.counts, near_drops.counts]
