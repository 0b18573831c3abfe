"""What the manifest says of a build's numbers: the ledger, and each split's shards and packing."""

from __future__ import annotations

from typing import Any

from pipelines.documents.block import Harvest
from pipelines.shards.packing import packing_of
from pipelines.shards.plan import PlannedSplit
from pipelines.shards.shard import written_shards
from pipelines.workspace import Dataset
from schemas.config import BuildConfig
from schemas.ledger import Amount, Ledger, SourceRow, SplitRow, merge_outcomes
from schemas.manifest import FillInTheMiddle, Packing, Shard, Split, Stage
from tokenization.packing.fill_in_the_middle import special_id
from tokenization.tokenizer import Tokenizer


def make_ledger(
    config: BuildConfig,
    found: Harvest,
    counted: dict[int, dict[str, Any]],
    shards: Dataset,
    planned: tuple[PlannedSplit, ...],
) -> Ledger:
    """All rows: what the readers counted against what the tables hold, and tokens against places in records.

    Args:
        config: the build's.
        found: what the readers counted.
        counted: counts of each block's document table.
        shards: the shard pass's dataset, which holds what each shard says of itself.
        planned: its splits.
    """
    sources = []
    for stage, stage_config in config.stages.items():
        for source in stage_config.sources:
            markers = [marker for marker in found.markers if marker["source"] == source]
            before = merge_outcomes(
                {name: Amount(**amount) for name, amount in marker["outcomes"].items()} for marker in markers
            )
            counts = [counted[block.ordinal] for block in found.blocks if block.source == source]
            after = merge_outcomes(
                {name: Amount(documents=d, bytes=b) for name, (d, b) in count["outcomes"].items()} for count in counts
            )
            # Read: what the readers counted themselves, not what the tables hold.
            read = sum(
                (Amount(documents=marker["documents"], bytes=marker["bytes"]) for marker in markers),
                sum(before.values(), Amount()),
            )
            sources.append(
                SourceRow(
                    stage=stage,
                    source=source,
                    read=read,
                    outcomes=merge_outcomes([before, after]),
                    **{name: sum(c[name] for c in counts) for name in ("tokens", "placements", "placed_tokens")},
                )
            )
    splits = []
    for split in planned:
        written = written_shards(shards, range(split.first, split.first + split.shards))
        overlapping = packing_of(config, split.stage, split.split).stride(1) == 1
        summed = ("documents", "document_tokens", "rewritten", "separators", "cut_rewritten", "records", "padding")
        splits.append(
            SplitRow(
                stage=split.stage,
                split=split.split,
                first_ids=sum(shard["records"] > 0 for shard in written) if overlapping else 0,
                **{name: sum(shard[name] for shard in written) for name in summed},
            )
        )
    return Ledger(sources=tuple(sources), splits=tuple(splits))


def describe_stages(
    config: BuildConfig, shards: Dataset, planned: tuple[PlannedSplit, ...], tokenizer: Tokenizer
) -> dict[str, Stage]:
    """Each stage's splits: their shards, and how their documents lie in the records."""
    stages: dict[str, dict[str, Split]] = {stage: {} for stage in config.stages}
    for split in planned:
        written = written_shards(shards, range(split.first, split.first + split.shards))
        stages[split.stage][split.split] = Split(
            shards=tuple(Shard(**{name: shard[name] for name in Shard.model_fields}) for shard in written),
            packing=_packing(config, split, written, tokenizer),
            feeds_hosts=split.feeds_hosts,
        )
    return {stage: Stage(splits=splits) for stage, splits in stages.items()}


def _packing(config: BuildConfig, split: PlannedSplit, written: list[dict[str, Any]], tokenizer: Tokenizer) -> Packing:
    packing = packing_of(config, split.stage, split.split)
    middle = None
    if packing.middle is not None:
        prefix, suffix, last = (special_id(tokenizer, name) for name in packing.middle.tokens)
        middle = FillInTheMiddle(
            prefix_id=prefix,
            suffix_id=suffix,
            middle_id=last,
            pieces=sum(shard["pieces"] for shard in written),
            rewritten_pieces=sum(shard["rewritten_pieces"] for shard in written),
        )
    return Packing(
        kind="best_fit" if packing.fitted else "concatenate",
        order="repository" if packing.by_repository else "shuffled",
        stride=packing.stride(config.shards.context_length),
        separator_id=tokenizer.separator_id,
        fill_in_the_middle=middle,
    )
