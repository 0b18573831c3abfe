from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemill.explain.answer import explain
from codemill.explain.by_name import named
from pipelines.tables import read_table
from schemas.errors import CodemillError

parts = st.lists(st.sampled_from(["a", "b", "ab", "é", ""]), max_size=4).map("/".join)


@given(st.lists(st.tuples(parts, parts), max_size=8), parts.map(lambda name: name.lstrip("/")).filter(bool))
def test_a_name_matches_the_end_of_repository_and_path(rows: list[tuple[str, str]], name: str) -> None:
    folders, paths = (
        (pa.chunked_array([list(column)], pa.string()) for column in zip(*rows, strict=True))
        if rows
        else (
            pa.chunked_array([[]], pa.string()),
            pa.chunked_array([[]], pa.string()),
        )
    )
    expected = [f"/{folder}/{path}".endswith(f"/{name}") for folder, path in rows]
    assert named(folders, paths, name).to_pylist() == expected


def test_a_name_across_repository_and_path_is_found(built: Path) -> None:
    assert "tree: project/lib/unit_3.py: kept" in "\n".join(explain(str(built), "project/lib/unit_3.py"))
    assert "tree: project/lib/unit_3.py: kept" in "\n".join(explain(str(built), "/lib/unit_3.py"))


def test_an_id_is_found(built: Path) -> None:
    row = read_table(str(built / "documents/000001.parquet")).slice(2, 1).to_pylist()[0]
    lines = list(explain(str(built), row["id"].hex()))
    assert lines[0].startswith(f"{row['source']}: {row['repository']}/{row['path']}: ")
    with pytest.raises(CodemillError, match="no document has the id"):
        list(explain(str(built), "0" * 32))


def test_no_more_are_shown_than_asked_for(built: Path) -> None:
    lines = list(explain(str(built), "01.jsonl.gz", 1))
    assert sum("rejected" in line for line in lines) == 1
    several = list(explain(str(built), "src/module_1.py", 1))
    assert sum(line.startswith("github: ") for line in several) == 1


def test_the_closest_names_and_the_reason_are_told(built: Path) -> None:
    with pytest.raises(CodemillError) as raised:
        list(explain(str(built), "project/lib/untt_3.py"))
    assert "the closest names are tree: project/lib/unit_3.py, " in raised.value.remedy
    with pytest.raises(CodemillError, match="every source passes such a file over unread: its name says go") as raised:
        list(explain(str(built), "project/lib/server.go"))
    assert raised.value.remedy.startswith("give a path")


def test_a_run_is_told_from_a_snapshot(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(CodemillError, match="is a training run") as raised:
        list(explain(str(tmp_path), "a.py"))
    assert "step:STEP" in raised.value.remedy
