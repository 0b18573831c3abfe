"""Shard: token ids -> TFRecord shards and their provenance.

Only token ids travel. A document's shard and its place in the stream come from keyed hashes of its id, for each of its
copies anew where a weight repeats it; the records of a shard are then permuted, so that neighbours in a file are not
neighbours in a document.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import apache_beam as beam

from pipelines.code_version import code_hash
from pipelines.documents.block import Block, Harvest
from pipelines.jobs.exchange import exchange
from pipelines.jobs.progress import Done, Tally
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.shards.contribution import NOTHING, Contribution
from pipelines.shards.packing import Packer
from pipelines.shards.plan import PlannedSplit, plan_shards
from pipelines.shards.scatter import ScatterBlock
from pipelines.shards.write import WriteShard
from pipelines.snapshot.files import unpublish
from pipelines.tokens.tokenise import id_dtype
from pipelines.workspace import Dataset, Workspace, read_json, read_many, write_json
from schemas.config import BuildConfig
from schemas.errors import CheckFailed
from schemas.record_layout import RecordLayout
from storage.files import delete_tree, join
from storage.listing import list_files


def shard(
    config: BuildConfig,
    found: Harvest,
    tokens: Dataset,
    tokenizer: Dataset,
    output: str,
    workspace: Workspace,
    runner: Runner,
) -> tuple[Dataset, tuple[PlannedSplit, ...]]:
    """Run the pass; shards and provenance are in the dataset's `output` directory under their snapshot names."""
    code = code_hash(
        "tokenization", "pipelines.shards", "pipelines.tokens.links", "schemas.record_layout", "schemas.keyed_hash"
    )
    part = config.shards.model_dump(mode="json")
    stages = {
        name: stage.model_dump(mode="json", exclude={"sources", "prefix"}) for name, stage in config.stages.items()
    }
    dataset = workspace.dataset("shard", code, part, stages, config.seed, tokens.directory, output)
    layout = RecordLayout(config.shards.context_length)
    summary, vocabulary = tokens.summary(), tokenizer.summary()
    assert summary is not None and vocabulary is not None
    planned = plan_shards(summary["splits"], config.shards, layout.record_bytes)
    _claim(workspace, dataset, output)
    done = _done(dataset, output)
    total = sum(split.shards for split in planned)
    waiting = frozenset(range(total)) - done

    if waiting:
        unpublish(output)
        tally = Tally(dataset.path("shards"), _amounts)
        with runner.watch("shard", total, "shards", tally), exchange(runner, dataset) as values:
            scatter = ScatterBlock(config, planned, waiting, tokens, values)
            packer = Packer(config, vocabulary["separator_id"], tokenizer.path("files"))
            gather = WriteShard(config, planned, layout, packer, id_dtype(vocabulary["size"]), output, dataset)
            job = partial(_job, blocks=found.blocks, scatter=scatter, gather=gather, directory=dataset.directory)
            runner.run(job, "shard")
    _check_complete(planned, summary["splits"], dataset)
    return dataset, planned


def _check_complete(
    planned: tuple[PlannedSplit, ...], totals: dict[str, dict[str, list[int]]], dataset: Dataset
) -> None:
    """Compare what the shards hold with what the tokenise pass counted: a runner that loses elements is noticed."""
    for split in planned:
        markers = written_shards(dataset, range(split.first, split.first + split.shards))
        held = [sum(marker[name] for marker in markers) for name in ("documents", "document_tokens")]
        if held != totals[split.stage][split.split]:
            documents, expected = held[0], totals[split.stage][split.split][0]
            delete_tree(dataset.path("shards"))
            raise CheckFailed(
                f"{split.stage}/{split.split}: the runner brought {documents:,} of {expected:,} documents to a shard",
                "run the build again; if that fails too, with --workers 1",
            )


def _job(
    pipeline: beam.Pipeline, blocks: tuple[Block, ...], scatter: ScatterBlock, gather: WriteShard, directory: str
) -> None:
    # A shard that no document falls into is still a file: names count through all of them.
    every_shard = hand_out(pipeline, "shards", sorted(scatter.wanted), int, directory) | "Empty" >> beam.Map(_empty)
    contributions = hand_out(pipeline, "blocks", blocks, Block, directory) | "Scatter" >> beam.ParDo(scatter)
    (
        (every_shard, contributions)
        | "Together" >> beam.Flatten()
        | "By shard" >> beam.GroupByKey()
        | "Write shards" >> beam.ParDo(gather)
    )


def _empty(number: int) -> tuple[int, Contribution]:
    return number, NOTHING


def _claim(workspace: Workspace, dataset: Dataset, output: str) -> None:
    """Make `output` hold this dataset's shards: what another config wrote under the same names is not ours."""
    owner = join(workspace.root, "output-owner.json")
    if read_json(owner) != dataset.directory:
        unpublish(output)
        delete_tree(dataset.path("shards"))
        delete_tree(join(output, "documents"))
        write_json(owner, dataset.directory)


def _done(dataset: Dataset, output: str) -> set[int]:
    """Shards that have a marker and are still where it says, whole."""
    present = {f"shards/{relative}": size for relative, size, _ in list_files(join(output, "shards"))}
    numbers = [int(relative.removesuffix(".json")) for relative, _, _ in list_files(dataset.path("shards"))]
    markers = zip(numbers, written_shards(dataset, numbers), strict=True)
    return {number for number, marker in markers if present.get(marker["name"]) == marker["bytes"]}


def written_shards(dataset: Dataset, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """What the markers of finished shards say."""
    return read_many(read_json, [dataset.path("shards", f"{number:06d}.json") for number in numbers])


def _amounts(marker: str) -> Done:
    held = read_json(marker)
    return Done(1, documents=held["documents"], tokens=held["document_tokens"])
