import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.manifest import Manifest, load_manifest
from schemas.names import printable
from tests.codemill.metadata.conftest import HOSTILE, block_of

HUB_KEYS = {
    "pretty_name",
    "language",
    "license",
    "license_name",
    "size_categories",
    "task_categories",
    "tags",
    "configs",
}
pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """What a rendered card holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.rows: list[list[str]] = []
        self.in_cell = False
        _, _, body = text.split("---\n", 2)
        # As a hub would: HTML is HTML, tables are tables, bare addresses stay as they are.
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(body))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] += data


def card(snapshot: Path) -> str:
    return (snapshot / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_the_hub_can_read_its_head(which: str, request: pytest.FixtureRequest) -> None:
    _, head, _ = card(request.getfixturevalue(which)).split("---\n", 2)
    keys = yaml.safe_load(head)
    assert keys.keys() <= HUB_KEYS
    assert keys["language"] == ["code", "en"]
    assert keys["size_categories"] == ["n<1K"]
    assert keys["license"] == (["mit", "unknown"] if which == "snapshot" else ["mit", "other", "unknown"])
    assert ("license_name" in keys) == (which == "hostile")
    (config,) = keys["configs"]
    assert config["data_files"] == [{"split": "harvested", "path": "documents/*.parquet"}]


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_it_is_nothing_but_text_and_tables(which: str, request: pytest.FixtureRequest) -> None:
    page = Page(card(request.getfixturevalue(which)))
    assert page.tags <= set("h1 h2 h3 p a code pre table thead tbody tr th td ul li".split())
    assert all(link.startswith("https://spdx.org/licenses/") for link in page.links)
    assert min(len(row) for row in page.rows) >= 2


def test_hostile_names_are_shown_as_they_are(hostile: Path) -> None:
    page = Page(card(hostile))
    cells = {cell for row in page.rows for cell in row}
    for name in HOSTILE:
        assert printable(name.strip().lower()) in cells, name  # as a licence, which is kept in lower case
    assert {"z|`pile`", "<script>alert(2)</script>\\n---", "=a, tree", "n l[*]", "mono <b>"} <= cells
    headings = re.findall(r"^# .*$", re.sub(r"^(`{3,}).*?^\1$", "", card(hostile), flags=re.M | re.S), re.M)
    assert headings == ["# small"]


def test_tables_are_whole(hostile: Path) -> None:
    """A row has as many cells as the heading of its table, whatever bars and line breaks there are in names."""
    width = 0
    for line in card(hostile).splitlines():
        cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) if line.startswith("|") else 0
        assert cells in (width, 0) or width == 0, line
        width = cells


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_its_config_rebuilds_the_snapshot(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    published: Path = request.getfixturevalue(which)
    config = BuildConfig.model_validate(yaml.safe_load(block_of(card(published), "yaml")))
    again = build(config, str(tmp_path / "again"), Runner(1, Silence()))
    assert again.digest == load_manifest(str(published)).digest
    assert f"must be `{again.digest}`" in card(published)


def test_its_numbers_are_those_of_the_ledger(snapshot: Path, manifest: Manifest) -> None:
    rows = Page(card(snapshot)).rows
    for split in manifest.ledger.splits:
        assert [split.stage, split.split, f"{split.documents:,}", f"{split.document_tokens:,}"] in [r[:4] for r in rows]
    for source in manifest.ledger.sources:
        for outcome, amount in source.outcomes.items():
            told = [row[3] for row in rows if row[:2] == [source.source, outcome]]
            assert told == ([] if outcome == "kept" else [f"{amount.documents:,}"])
        kept = [row for row in rows if row[:2] == [source.stage, source.source] and len(row) == 7]
        assert sum(int(row[3].replace(",", "")) for row in kept) == source.outcomes["kept"].documents
        assert sum(int(row[5].replace(",", "")) for row in kept) == source.tokens


def test_sections_without_facts_are_left_out(snapshot: Path, hostile: Path) -> None:
    headings = [{line for line in card(path).splitlines() if line.startswith("##")} for path in (snapshot, hostile)]
    assert headings[0] - headings[1] == {"### Redaction", "### Weights"}
    assert "### Decontamination" not in headings[0]
    assert "None" not in card(snapshot).replace("None of", "") and "[]" not in card(snapshot).split("```yaml")[0]
