"""Harvest: read the sources; write documents with signals, verdicts and sketches, one Parquet file per block.

Nothing is shuffled. A unit's marker is written after all its blocks, so a unit without one is read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow.parquet as pq

from pipelines.bigquery.fetch import fetch
from pipelines.code_version import code_hash
from pipelines.documents.block import Block, Harvest
from pipelines.documents.document_table import Treatment, treatment_of
from pipelines.documents.harvest_unit import harvest_unit
from pipelines.jobs.progress import Done, Tally, total
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.sources import Planner, plan
from pipelines.sources.unit import Unit
from pipelines.workspace import Dataset, Workspace, key_of, read_json, read_many
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.rules import Rule
from schemas.sources import FileSourceConfig
from storage.files import open_input
from storage.listing import list_files


def harvest(config: BuildConfig, workspace: Workspace, runner: Runner, plan: Planner = plan) -> Harvest:
    """Run the pass over all sources, cut into units by `plan`.

    Raises:
        CodemillError: a path that matches nothing, a damaged input beside the corpus, or what `treatment_of` or
            `fetch` refuse.
    """
    treatments = {name: treatment_of(config, name) for name in config.sources}
    sources = fetch(config, workspace, runner)
    code = code_hash("buffers", "filtering", "dedup", "pipelines.sources", "pipelines.documents", "schemas.documents")
    datasets: dict[str, Dataset] = {}
    units: list[tuple[Unit, Dataset]] = []
    for name, source in sources.items():
        stage = config.stage_of(name)
        # Where the files lie is not what they are: units carry names, sizes and versions themselves.
        part = source.model_dump(mode="json", exclude={"paths", "filters", "weights"})
        datasets[name] = workspace.dataset("harvest", code, name, stage, part, treatments[name].key())
        planned = plan(name, source)
        if not planned:
            raise CodemillError(f"source {name!r}: {', '.join(source.paths)} matches no file", "check its paths")
        units += [(unit, datasets[name]) for unit in planned]
    finished = _finished_units(datasets.values())
    waiting = [(unit, dataset) for unit, dataset in units if unit.identity() not in finished]
    if waiting:
        tasks = [
            _Task(unit.to_json(), dataset.directory, config.stage_of(unit.source), unit.source)
            for unit, dataset in waiting
        ]
        build = _HarvestUnit({name: (source, treatments[name]) for name, source in sources.items()})

        blocks = [Tally(dataset.path("blocks"), _amounts) for dataset in datasets.values()]

        def count() -> Done:
            new = _finished_units(datasets.values()) - finished
            return total(tally() for tally in blocks)._replace(parts=len(units) - len(waiting) + len(new))

        with runner.watch("harvest", len(units), "units", count):
            runner.for_parts(len(waiting)).run(
                lambda pipeline: (
                    hand_out(pipeline, "units", tasks, _Task, workspace.root) | "Harvest" >> beam.ParDo(build)
                ),
                "harvest",
            )
    return _collect(config, units, {name: treatment.rules for name, treatment in treatments.items()})


def _amounts(path: str) -> Done:
    """What a block holds, of bytes about so many, without reading its columns."""
    with open_input(path) as source:
        metadata = pq.read_metadata(source)
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    text = metadata.schema.names.index("text")
    stored = sum(group.column(text).total_uncompressed_size for group in groups)
    return Done(1, metadata.num_rows, max(0, stored - 4 * metadata.num_rows))  # a length before each text


def _finished_units(datasets: Iterable[Dataset]) -> set[str]:
    return {
        relative.removesuffix(".json")
        for dataset in datasets
        for relative, _, _ in list_files(dataset.path("units"))
        if relative.endswith(".json")
    }


def _collect(config: BuildConfig, units: list[tuple[Unit, Dataset]], rules: dict[str, tuple[Rule, ...]]) -> Harvest:
    blocks: list[Block] = []
    markers: list[dict[str, Any]] = []
    left = read_many(read_json, [dataset.path("units", f"{unit.identity()}.json") for unit, dataset in units])
    for (unit, dataset), marker in zip(units, left, strict=True):
        if marker is None:
            raise CodemillError(f"unit {unit.identity()} of {unit.source} left no marker", "run the build again")
        markers.append({**marker, "rejects_path": dataset.path("rejects", f"{unit.identity()}.parquet")})
    markers = without_rejected_files(markers)
    for (unit, dataset), marker in zip(units, markers, strict=True):
        for name, documents, text_bytes in marker["blocks"]:
            blocks.append(
                Block(
                    ordinal=len(blocks),
                    path=dataset.path("blocks", name),
                    source=unit.source,
                    stage=config.stage_of(unit.source),
                    documents=documents,
                    text_bytes=text_bytes,
                )
            )
    key = key_of([unit.identity() for unit, _ in units], sorted({dataset.directory for _, dataset in units}))
    return Harvest(tuple(blocks), tuple(markers), key, rules)


def without_rejected_files(markers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Empty the markers of units whose file another unit found bad as a whole; the first finder's marker stands."""
    finders: dict[tuple[str, str], str] = {}
    for marker in markers:
        if marker["rejected_file"] is not None:
            finders.setdefault((marker["source"], marker["rejected_file"]), marker["unit"])
    nothing = {"blocks": [], "documents": 0, "bytes": 0, "outcomes": {}, "rejects": 0}
    return [
        marker
        if finders.get((marker["source"], marker["file"]), marker["unit"]) == marker["unit"]
        else {**marker, **nothing, "sha256": hashlib.sha256().hexdigest()}
        for marker in markers
    ]


class _Task(NamedTuple):
    """A unit to read, and where its blocks go."""

    unit_json: str
    directory: str
    stage: str
    source: str


class _HarvestUnit(beam.DoFn):
    """task -> files on storage; emits nothing."""

    def __init__(self, sources: dict[str, tuple[FileSourceConfig, Treatment]]) -> None:
        self._sources = sources

    def process(self, task: _Task) -> Iterator[None]:
        unit_json, directory, stage, name = task
        source, treatment = self._sources[name]
        harvest_unit(Unit.from_json(unit_json), source, treatment, stage, Dataset(directory))
        yield from ()
