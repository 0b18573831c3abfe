import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from codemill.cli import app
from codemill.report.run import run_page, thinned
from schemas.errors import CodemillError
from schemas.manifest import Manifest
from tests.codemill.report.conftest import SCRIPT


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return run_page(str(run)).decode()


def test_stages_their_losses_and_their_data_are_there(page: str, manifest: Manifest) -> None:
    assert "nl 3 of 3 steps, loss" in page and "mono 3 of 3 steps, loss" in page
    assert manifest.digest[:16] in page
    assert page.count("<svg role") >= 5
    assert re.findall(r'aria-label="(held-out loss on \w+ by step)"', page) == [
        "held-out loss on nl by step",
        "held-out loss on mono by step",
    ]


def test_the_first_and_the_last_step_of_each_stage_name_documents(page: str) -> None:
    order = page.split('<section id="order">')[1].split("</section>")[0]
    assert re.findall(r"<summary>step (\d) ", order) == ["1", "3", "4", "6"]
    assert order.count("shards/nl/") >= 2 and order.count("shards/mono/") >= 2


def test_checkpoints_are_listed_with_what_they_continue(page: str) -> None:
    rows = page.split('<section id="checkpoints">')[1].split("</section>")[0]
    assert re.findall(r'<tr><td class="n">(\d)</td><td>(\w+)</td>', rows) == [("3", "nl"), ("6", "mono")]


def test_names_stay_text(page: str) -> None:
    assert page.count("<script") == 1 and "<img" not in page


def test_a_snapshot_that_is_gone_leaves_a_reason(run: Path, tmp_path: Path) -> None:
    moved = tmp_path / "run"
    shutil.copytree(run, moved)
    plan = moved / "plan.json"
    plan.write_text(plan.read_text().replace(str(run.parent / "snapshot"), str(tmp_path / "gone")))
    page = run_page(str(moved)).decode()
    assert str(tmp_path / "gone") in page.split('<section id="order">')[1]


def test_neither_a_snapshot_nor_a_run(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"is no run: it holds no plan\.json"):
        run_page(str(tmp_path))


def test_the_command_knows_a_run(run: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(run), "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert SCRIPT.encode() not in (tmp_path / "report.html").read_bytes()


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(-10, 10)), max_size=60), st.integers(1, 20))
def test_thinning_keeps_the_mean_and_the_end(points: list[tuple[float, float]], most: int) -> None:
    found = thinned(points, most)
    assert len(found) <= most
    assert found[-1:] == [] or found[-1][0] == points[-1][0]
    if len(points) <= most:
        assert found == points
    elif len(points) % len(found) == 0:
        mean = sum(y for _, y in points) / len(points)
        assert sum(y for _, y in found) / len(found) == pytest.approx(mean, abs=1e-9)
