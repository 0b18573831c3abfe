from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codemill.cli import app
from codemill.explain.by_snippet import explain_snippet
from schemas.errors import CodemillError
from schemas.manifest import load_manifest
from tests.corpus import python_text


def told(snapshot: Path, text: str, limit: int = 20) -> list[str]:
    return list(explain_snippet(str(snapshot), load_manifest(str(snapshot)), text.encode(), limit))


@pytest.fixture(scope="module")
def alone(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot without its work directory."""
    copy = tmp_path_factory.mktemp("alone") / "snapshot"
    shutil.copytree(built, copy)
    return copy


def test_lines_of_a_document_lead_to_it_and_its_shard(built: Path) -> None:
    lines = told(built, "\n  " + "\n".join(python_text(9).splitlines()[4:7]) + "\n\n")
    assert lines[0] == "part of 1 document:" and lines[1].startswith("line 5, byte ")
    assert "src/module_9.py: kept" in lines[2]
    assert any("in shards/mono/" in line for line in lines)
    assert lines[-1].endswith("the texts of all of them, dropped ones too")


def test_a_whole_file_finds_dropped_copies(built: Path, alone: Path) -> None:
    for snapshot in (built, alone):
        lines = told(snapshot, python_text(0))
        assert lines[0] == "whole text of 2 documents:"
        assert sum("exact_duplicate" in line for line in lines) == 1 and not any("part of" in line for line in lines)


def test_parts_of_dropped_documents_are_found_while_the_blocks_are_there(built: Path, alone: Path) -> None:
    dropped = "x = '" + "a" * 1500
    assert any("filtered:" in line for line in told(built, dropped))
    lines = told(alone, dropped)
    assert lines[0] == "no text that was searched holds it"
    assert "kept ones. Those of dropped documents" in lines[-1] and "work directory alone" in lines[-1]


def test_the_nearest_are_told_where_none_holds_it(built: Path) -> None:
    text = python_text(11).replace("function_11", "another_name")
    lines = told(built, text)
    assert lines[0] == "no text that was searched holds it"
    assert lines[2].startswith("  jaccard 0.9") and "src/module_11.py" in lines[2]
    assert "no kept document is like it" in told(built, "one two three four five six seven")[1]


def test_no_more_are_shown_than_asked_for(built: Path) -> None:
    lines = told(built, "[PREFIX] nothing holds this")
    assert lines[0].startswith("no text")
    common = told(built, python_text(1000, 200).splitlines()[9], 1)
    assert common[0] == "part of 2 documents:" and sum(line.startswith("line ") for line in common) == 1
    assert any(line.startswith("... and 1 more") for line in common)


@pytest.mark.parametrize("text", ["", "short", " " * 100, "fifteen letters"])
def test_what_is_too_short_is_refused(built: Path, text: str) -> None:
    with pytest.raises(CodemillError, match="without the white space") as raised:
        told(built, text)
    assert "at least 16" in raised.value.remedy


def test_the_command_reads_files_and_standard_input(built: Path, tmp_path: Path) -> None:
    snippet = python_text(9).splitlines()[4]
    (tmp_path / "snippet").write_text(snippet)
    from_file = CliRunner().invoke(app, ["explain", str(built), "--snippet", str(tmp_path / "snippet")])
    piped = CliRunner().invoke(app, ["explain", str(built), "--snippet", "-"], input=snippet)
    assert from_file.exit_code == 0 and "src/module_9.py" in from_file.stdout and piped.stdout == from_file.stdout
    for words in ([], ["a.py", "--snippet", "-"]):
        with pytest.raises(CodemillError, match="either WHAT or --snippet"):
            CliRunner().invoke(app, ["explain", str(built), *words], catch_exceptions=False)
