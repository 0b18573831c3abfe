from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.sources import Unit, jsonl, plan, read
from schemas.errors import CodemillError
from schemas.sources import FileSourceConfig
from tests.pipelines.sources.reading import github, pile, read_units, tree, write_files


@pytest.fixture
def configs(tmp_path: Path) -> list[FileSourceConfig]:
    write_files(tmp_path, {"p/a.jsonl": json.dumps({"text": "pile"}) + "\n", "d/r/a.py": "tree"})
    (tmp_path / "g").mkdir()
    pq.write_table(pa.table({"path": ["a.py"], "content": ["github"]}), tmp_path / "g" / "a.parquet")
    return [pile(tmp_path / "p"), github(tmp_path / "g"), tree(tmp_path / "d")]


def test_each_kind_has_its_reader(configs: list[FileSourceConfig]) -> None:
    texts = []
    for config in configs:
        units = [Unit.from_json(unit.to_json()) for unit in plan("name", config)]
        assert [(unit.source, unit.kind) for unit in units] == [("name", config.kind)]
        texts += read_units(units, config).texts
    assert texts == [b"pile", b"github", b"tree"]


def test_the_same_elements_each_time(configs: list[FileSourceConfig]) -> None:
    for config in configs:
        (unit,) = plan("s", config)
        first, second = list(read(unit, config)), list(read(unit, config))
        assert first == second


def test_trouble_with_storage_ends_the_build(configs: list[FileSourceConfig], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[object]:
        yield from ()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(jsonl, "read", broken)
    (unit,) = plan("s", configs[0])
    with pytest.raises(CodemillError, match=r"a.jsonl: cannot be read \(.*Input/output error\); check the storage"):
        list(read(unit, configs[0]))
