"""Two builds of one corpus, changed in between, through the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from codemill.cli import app
from codemill.diff.compare import compare
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.errors import CodemillError
from schemas.manifest import MANIFEST_NAME, load_manifest
from tests.codemill.diff.made import Made, write_snapshot
from tests.corpus import python_text, write_corpus


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A corpus as it was, and after two edits, a deletion and an addition."""
    root = tmp_path_factory.mktemp("pair")
    config = write_corpus(root / "corpus", 30)
    config = config.model_copy(update={"tokenizer": config.tokenizer.model_copy(update={"vocabulary_size": 400})})
    build(config, str(root / "a"), Runner(1, Silence()))
    lib = root / "corpus" / "tree" / "project" / "lib"
    (lib / "unit_1.py").write_text(python_text(7001))
    (lib / "unit_2.py").write_text("x = 1  # " + "long " * 50 + "\n")
    (lib / "unit_3.py").unlink()
    (lib / "added.py").write_text(python_text(7004))
    build(config, str(root / "b"), Runner(1, Silence()))
    return str(root / "a"), str(root / "b")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["diff", *words])


def test_what_was_done_to_the_corpus_is_what_differs(pair: tuple[str, str]) -> None:
    found = compare(*pair, limit=10)
    assert found.settings is not None  # the tokenizer was trained on other text
    assert [setting.key for setting in found.settings] == ["made_tokenizer.identity"]
    assert found.inputs is not None and [source.source for source in found.inputs] == ["tree"]
    assert found.documents is not None
    moves = {(t.before, t.after, t.content_changed): t.examples for t in found.documents.transitions}
    name = "tree: project/lib/{}.py".format
    assert [t.examples for t in found.documents.transitions if t.before is None] == [(name("added"),)]
    assert name("unit_3") in moves["kept", None, False]
    assert name("unit_1") in moves["kept", "kept", True]
    assert name("unit_2") in moves["kept", "filtered:mean_line_length", True]
    assert (found.documents.added, found.documents.lost, found.documents.other_content) == (1, 1, 2)
    assert found.shards is not None and sum(split.changed for split in found.shards) > 0


def test_each_side_counts_what_its_ledger_says(pair: tuple[str, str]) -> None:
    found = compare(*pair, limit=0)
    assert found.documents is not None and found.stages is not None
    early = ("not_selected", "rejected")
    for count, ledger in zip(
        (found.documents.a, found.documents.b), (load_manifest(snapshot).ledger for snapshot in pair), strict=True
    ):
        outcomes = [item for row in ledger.sources for item in row.outcomes.items()]
        assert count == sum(amount.documents for name, amount in outcomes if not name.startswith(early))
    train = {row.stage: row.document_tokens for row in load_manifest(pair[1]).ledger.splits if row.split == "train"}
    assert {stage.stage: stage.b for stage in found.stages} == train


def test_the_other_way_round_is_the_mirror_image(pair: tuple[str, str]) -> None:
    there, back = compare(*pair, limit=0).documents, compare(*pair[::-1], limit=0).documents
    assert there is not None and back is not None
    moves = {(t.source, t.before, t.after, t.content_changed): t.documents for t in there.transitions}
    assert {(t.source, t.after, t.before, t.content_changed): t.documents for t in back.transitions} == moves


def test_the_command_says_it_to_people_and_to_machines(pair: tuple[str, str]) -> None:
    result = run(*pair)
    assert result.exit_code == 1
    assert "1 lost, 1 added, 2 with other content" in result.output
    assert "project/lib/added.py" in result.output and "kept -> filtered:mean_line_length" in result.output
    told = run(*pair, "--json")
    content = json.loads(told.stdout)
    assert told.exit_code == 1 and content["identical"] is False
    assert content["documents"]["added"] == 1 and content["shards"] and content["shares"]
    assert content["inputs"][0]["a"]["documents"] > 0


def test_identical_snapshots_end_with_0(pair: tuple[str, str], tmp_path: Path) -> None:
    shutil.copytree(pair[0], tmp_path / "copy")
    result = run(pair[0], str(tmp_path / "copy"))
    assert result.exit_code == 0 and result.output.startswith("identical: ")
    assert json.loads(run(pair[0], pair[0], "--json").stdout)["identical"] is True


def test_the_terminal_is_not_asked_to_render_names(tmp_path: Path) -> None:
    a = write_snapshot(tmp_path / "a", [Made("[bold]x.py", text="1")])
    b = write_snapshot(tmp_path / "b", [Made("[bold]x.py", text="2")])
    assert "[bold]x.py" in run(a, b).output


@pytest.mark.parametrize(("old", "new"), [('"format_version": ', '"format_version": 9'), ('"seed": 1', '"seed": 2')])
def test_what_cannot_be_compared_is_an_error_and_no_difference(tmp_path: Path, old: str, new: str) -> None:
    a, b = (write_snapshot(tmp_path / name, [Made("x.py")]) for name in "ab")
    path = Path(b) / MANIFEST_NAME
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CodemillError, match=MANIFEST_NAME) as raised:
        compare(a, b, 10)
    assert raised.value.status == 2 and str(path) in raised.value.message


def test_a_damaged_table_is_an_error_and_no_difference(tmp_path: Path) -> None:
    a, b = (write_snapshot(tmp_path / name, [Made("x.py")], seed=seed) for seed, name in enumerate("ab"))
    (table,) = (Path(b) / "documents").iterdir()
    table.write_bytes(b"PAR1 nothing of the kind PAR1")
    with pytest.raises(CodemillError, match="damaged") as raised:
        compare(a, b, 10)
    assert raised.value.status == 2
