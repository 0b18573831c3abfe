"""The second job: which documents are dropped for which, from the verified pairs.

verified pairs -> survivors, in memory or in rounds -> near drops
near drops + exact drops -> [by the survivor's block] -> with its id -> [by block] -> a file of duplicates
"""

from __future__ import annotations

from functools import partial
from typing import Any

import apache_beam as beam

from pipelines.code_version import code_hash
from pipelines.documents.block import Harvest
from pipelines.duplicates.compare import compare
from pipelines.duplicates.compared import ComparedBlock, compared_blocks, keyed_blocks
from pipelines.duplicates.counts import check_arrivals, clear_counts, read_counts, write_counts
from pipelines.duplicates.drops import (
    NameSurvivors,
    NearDropsInMemory,
    ReadDrops,
    ReadExactDrops,
    WriteDuplicates,
    duplicates_path,
)
from pipelines.duplicates.earlier import Earlier
from pipelines.duplicates.losses import check_losses
from pipelines.duplicates.rounds import drops_in_rounds
from pipelines.duplicates.verified import edges_directory
from pipelines.jobs.progress import Done
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.workspace import Dataset, Workspace
from schemas.config import BuildConfig
from storage.listing import list_files

__all__ = ["deduplicate", "duplicates_path"]


def deduplicate(
    config: BuildConfig, found: Harvest, earlier: tuple[Earlier, ...], workspace: Workspace, runner: Runner
) -> Dataset:
    """Run both jobs over all harvested blocks; the summary holds the counts of the search.

    Raises:
        CheckFailed: the runner lost something, or a source or language lost more than the config allows.
    """
    blocks = compared_blocks(found.blocks, earlier)
    documents = sum(block.documents for block in found.blocks) + sum(other.documents for other in earlier)
    compared = compare(config, blocks, documents, found.key, earlier, workspace, runner)
    summary = compared.summary()
    assert summary is not None
    dataset = workspace.dataset("deduplicate", code_hash("dedup", "pipelines.duplicates"), compared.directory)
    if dataset.summary() is None:
        counts = _choose(config, blocks, compared, summary, dataset, runner)
        dataset.finish({"counts": {**summary["counts"], **counts}})
    check_losses(config, found.blocks, earlier, dataset)
    return dataset


def _choose(
    config: BuildConfig,
    blocks: tuple[ComparedBlock, ...],
    compared: Dataset,
    summary: dict[str, Any],
    dataset: Dataset,
    runner: Runner,
) -> dict[str, int]:
    """Choose the survivors and write each block's duplicates; returns counts for the manifest."""
    own = tuple(block for block in blocks if not block.is_earlier)
    pairs = summary["counts"]["verified_pairs"]
    near, rounds = config.dedup.near, 0
    parts: list[str] = []
    if near is not None and pairs > near.pairs_in_memory:
        rounds, parts = drops_in_rounds(compared, summary["buckets"], pairs, dataset, runner)
    job = partial(_job, blocks=blocks, in_memory=not rounds, parts=parts, compared=compared, dataset=dataset)
    clear_counts(dataset.path("counts"))
    with runner.watch("deduplicate", len(own), "blocks", lambda: Done(len(list_files(dataset.path("blocks"))))):
        runner.run(job, "deduplicate")
    counts = read_counts(dataset.path("counts"))
    expected = {
        "edges": 0 if rounds else pairs,
        "named_drops": counts.get("drops_sent", 0),
        "written_drops": counts.get("drops_sent", 0),
        "written_blocks": len(own),
    }
    check_arrivals(counts, expected)
    return {"rounds": rounds}


def _job(
    pipeline: beam.Pipeline,
    blocks: tuple[ComparedBlock, ...],
    in_memory: bool,
    parts: list[str],
    compared: Dataset,
    dataset: Dataset,
) -> None:
    every = keyed_blocks(pipeline, blocks, dataset)
    ours = every | "Of this build" >> beam.Filter(_is_own)
    drops = [
        ours | "Exact drops" >> beam.ParDo(ReadExactDrops(compared)).with_outputs("counts", main="drops"),
        pipeline
        | "Pairs" >> beam.Create([edges_directory(compared)] if in_memory else [])
        | "Near drops" >> beam.ParDo(NearDropsInMemory()).with_outputs("counts", main="drops"),
        hand_out(pipeline, "parts", parts, str, dataset.directory)
        | "Near drops of parts" >> beam.ParDo(ReadDrops()).with_outputs("counts", main="drops"),
    ]
    all_drops = tuple(part.drops for part in drops) | "All drops" >> beam.Flatten()
    named = (
        {"block": every, "drops": all_drops}
        | "By survivor's block" >> beam.CoGroupByKey()
        | "Name survivors" >> beam.ParDo(NameSurvivors()).with_outputs("counts", main="drops")
    )
    written = (
        {"block": ours, "drops": named.drops}
        | "By block" >> beam.CoGroupByKey()
        | "Write duplicates" >> beam.ParDo(WriteDuplicates(dataset))
    )
    write_counts([*(part.counts for part in drops), named.counts, written], dataset.path("counts"))


def _is_own(keyed: tuple[int, ComparedBlock]) -> bool:
    return not keyed[1].is_earlier
