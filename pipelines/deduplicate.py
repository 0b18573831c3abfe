"""Deduplicate: exact, then verified near-duplicates, as one Beam job.

    blocks -> exact rows -> [by hash range] -> exact drops
    blocks - exact drops -> band rows -> [by band and key range] -> candidate pairs
    blocks + requested documents -> shingle sets -> [by pair bucket] -> verified pairs -> survivors -> near drops
    exact drops + near drops -> [by block] -> one Parquet file of duplicates per block

Only hashes, keys and the shingle sets of candidates are shuffled, as whole arrays.
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
from pipelines.harvest import Harvest
from pipelines.runner import Runner
from pipelines.workspace import Dataset, Workspace, read_json
from schemas.config import BuildConfig, DedupConfig, NearConfig
from storage.listing import list_files

ROWS_PER_PARTITION = 4_000_000
"""Rows of one key range: about 100 MB of band rows in a worker."""


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
        exact = (
            blocks
            | "Exact rows" >> beam.ParDo(ExactRows(*ranking))
            | "By hash range" >> beam.GroupByKey()
            | "Exact drops" >> beam.ParDo(ExactDrops())
        )
        drops = {"exact": exact}
        if config.dedup.near is not None:
            drops["near"] = _near_drops(config.dedup.near, ranking, blocks, exact, dataset)
        (
            {"block": blocks, **drops}
            | "Drops by block" >> beam.CoGroupByKey()
            | "Write duplicates" >> beam.ParDo(WriteDuplicates(dataset))
        )

    def count() -> int:
        return len(list_files(dataset.path("blocks")))

    with runner.watch("deduplicate", len(found.blocks), "blocks", count):
        runner.run(build, shuffles=True)
    counts = {
        relative.removesuffix(".json"): read_json(dataset.path("counts", relative))
        for relative, _, _ in list_files(dataset.path("counts"))
    }
    dataset.finish({"counts": counts})
    return dataset


def _near_drops(
    near: NearConfig,
    ranking: tuple[DedupConfig, list[str], dict[str, int], int],
    blocks: Any,
    exact: Any,
    dataset: Dataset,
) -> Any:
    """PCollections of blocks and exact drops -> PCollection of near drops by block."""
    candidates = (
        {"block": blocks, "exact": exact}
        | "Exact drops by block" >> beam.CoGroupByKey()
        | "Band rows" >> beam.ParDo(BandRows(*ranking))
        | "By band and range" >> beam.GroupByKey()
        | "Candidate pairs"
        >> beam.ParDo(CandidatePairs(near.bucket_cap)).with_outputs("requests", "counts", main="pairs")
    )
    sets = (
        {"block": blocks, "requests": candidates.requests}
        | "Requests by block" >> beam.CoGroupByKey()
        | "Shingle sets" >> beam.ParDo(ShingleSets())
    )
    verified = (
        {"pairs": candidates.pairs, "sets": sets}
        | "Pairs and sets" >> beam.CoGroupByKey()
        | "Verified pairs" >> beam.ParDo(VerifiedPairs(near)).with_outputs("counts", main="pairs")
    )
    (
        (candidates.counts, verified.counts)
        | "All counts" >> beam.Flatten()
        | "By name" >> beam.GroupByKey()
        | "Write counts" >> beam.ParDo(WriteCounts(dataset))
    )
    return verified.pairs | "To one place" >> beam.GroupByKey() | "Near drops" >> beam.ParDo(NearDrops())
