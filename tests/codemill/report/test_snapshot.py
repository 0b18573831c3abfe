import gc
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codemill.cli import app
from codemill.report.snapshot import snapshot_page
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.manifest import Manifest, load_manifest
from schemas.reasons import Outcome
from storage.files import join, write_atomic
from tests.codemill.report.conftest import SCRIPT
from tests.corpus import write_corpus
from tests.storage.server import at_address, storage_server


@pytest.fixture(scope="module")
def page(snapshot: Path, manifest: Manifest) -> str:
    return snapshot_page(str(snapshot), manifest).decode()


def section(page: str, anchor: str) -> str:
    return page.split(f'<section id="{anchor}">')[1].split("</section>")[0]


def test_every_section_of_the_navigation_is_there(page: str) -> None:
    anchors = re.findall(r'<li><a href="#(\w+)"', page)
    assert anchors == re.findall(r'<section id="(\w+)"', page)
    assert {"overview", "funnel", "reasons", "signals", "duplicates", "mixture", "tokens", "shards", "samples"} <= {
        *anchors
    }


def test_the_funnel_says_what_the_ledger_says(page: str, manifest: Manifest) -> None:
    rows = re.findall(r"<tr><td class=\"name\">(\w+)</td>(.*?)</tr>", section(page, "funnel"), re.DOTALL)
    assert [name for name, _ in rows] == [row.source for row in manifest.ledger.sources]
    for (_, cells), row in zip(rows, manifest.ledger.sources, strict=True):
        kept = row.outcomes[Outcome.KEPT].documents
        assert re.findall(r'<td class="n">([^<]*)</td>', cells)[-2:] == [f"{kept:,}", f"{row.placed_tokens:,}"]


def test_each_reason_and_each_reject_is_named(page: str, manifest: Manifest) -> None:
    found = section(page, "reasons")
    for row in manifest.ledger.sources:
        for name in row.outcomes:
            if name != Outcome.KEPT:
                assert name.replace("_", " ").replace(":", ": ") in found
    assert "02.jsonl" in found


def test_each_rule_has_its_picture_and_its_neighbours(page: str, manifest: Manifest) -> None:
    found = section(page, "signals")
    cards = found.split('<article class="card find">')[1:]
    assert len(cards) == sum(len(rules) for rules in manifest.rules.values())
    assert all("<svg role" in card and "just inside" in card and "just outside" in card for card in cards)
    assert any("long.py" in card.split("just outside")[1] for card in cards)


def test_a_cluster_shows_the_texts_beside_each_other(page: str) -> None:
    found = section(page, "duplicates")
    assert '<table class="diff">' in found and "<mark>" in found
    assert "omega" in found or "alpha" in found


def test_samples_have_the_text_of_dropped_documents_while_the_work_is_there(
    snapshot: Path, manifest: Manifest, tmp_path: Path, page: str
) -> None:
    assert "No text is kept of it" not in page
    alone = tmp_path / "alone"
    shutil.copytree(snapshot, alone)
    later = snapshot_page(str(alone), manifest).decode()
    assert "No text is kept of it" in later and "that is gone" in later
    assert section(later, "funnel") == section(page, "funnel")


def test_a_page_follows_from_the_snapshot_alone(snapshot: Path, manifest: Manifest, tmp_path: Path, page: str) -> None:
    elsewhere = tmp_path / "other"
    shutil.copytree(snapshot, elsewhere)
    shutil.copytree(f"{snapshot}.work", f"{elsewhere}.work")
    assert snapshot_page(str(elsewhere), manifest).decode() == page


def test_a_manifest_fresh_from_the_build_gives_the_same_page(tmp_path: Path) -> None:
    """Its dictionaries are in the order of the config, those of a file are sorted."""
    fresh = build(write_corpus(tmp_path / "corpus"), str(tmp_path / "snapshot"), Runner(1, Silence()))
    loaded = load_manifest(str(tmp_path / "snapshot"))
    assert list(fresh.rules) != list(loaded.rules)
    assert snapshot_page(str(tmp_path / "snapshot"), fresh) == snapshot_page(str(tmp_path / "snapshot"), loaded)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_on_gs_it_is_the_same(snapshot: Path, manifest: Manifest, tmp_path: Path) -> None:
    shutil.copytree(snapshot, tmp_path / "alone")
    with storage_server() as address, at_address(address) as bucket:
        for path in snapshot.rglob("*"):
            if path.is_file():
                write_atomic(join(bucket, path.relative_to(snapshot).as_posix()), path.read_bytes())
        assert snapshot_page(bucket, manifest) == snapshot_page(str(tmp_path / "alone"), manifest)
        gc.collect()


def test_names_and_texts_stay_text(page: str) -> None:
    assert page.count("<script") == 1 and "<img" not in page
    assert "&lt;script&gt;window.harmed" in page
    assert "{{ 7 * 7 }}.py" in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", page.split('<section id="samples">')[0])


def test_the_command_writes_it_beside_the_snapshot_or_elsewhere(snapshot: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(snapshot, copied)
    result = CliRunner().invoke(app, ["report", str(copied)])
    assert result.exit_code == 0, result.output
    assert "near dup." in result.output and f"written: {copied / 'report.html'}" in result.output
    result = CliRunner().invoke(app, ["report", str(snapshot), "--output", str(tmp_path / "pages")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "pages" / "report.html").exists()
    assert SCRIPT.encode() not in (tmp_path / "pages" / "report.html").read_bytes()
