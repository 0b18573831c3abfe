"""Tasks reach the workers, each once, and their number is no matter of the graph's."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from pipelines.code_version import check_versions, versions
from pipelines.documents.block import Block
from pipelines.jobs import tasks
from schemas.errors import CodemillError


def blocks(count: int) -> list[Block]:
    return [Block(i, f"gs://bucket/werk-ü/{i:032d}.parquet", "code", "mono", i, 64 << 20) for i in range(count)]


def run(directory: Path, expected: list[Block]) -> None:
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        found = tasks.hand_out(pipeline, "blocks", expected, Block, str(directory))
        assert_that(found, equal_to(expected))


def test_every_task_arrives_as_it_was(tmp_path: Path) -> None:
    run(tmp_path, blocks(2000))
    run(tmp_path, [])


def test_the_graph_does_not_grow_with_the_tasks(tmp_path: Path) -> None:
    sizes = []
    for count in (1, 20_000):
        pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
        tasks.hand_out(pipeline, "blocks", blocks(count), Block, str(tmp_path))
        sizes.append(len(pipeline.to_runner_api().SerializeToString()))
    assert sizes[0] == pytest.approx(sizes[1], abs=100)


def test_a_worker_with_other_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {**versions(), "pyarrow": "1.2.3"}
    monkeypatch.setattr(tasks, "versions", lambda: there)
    with pytest.raises(Exception, match=r"pyarrow is .* on this worker and 1\.2\.3 where the build was launched"):
        run(tmp_path, blocks(3))


def test_the_refusal_is_written_for_people() -> None:
    with pytest.raises(CodemillError, match="codemill's code is ") as caught:
        check_versions({"codemill's code": "0" * 64})
    assert "constraints.txt" in caught.value.remedy
