"""The command, from end to end: given completions, a small real model, and a run's stages."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from codemill.cli import app
from codemill.evaluate.draws import Draws, parse_temperatures
from codemill.evaluate.model import Model
from codemill.evaluate.plot import stages_svg
from codemill.evaluate.stages import stage_ends
from codemill.export_hf import export
from schemas.errors import CodemillError
from tests.evaluation.own_problems import FUNCTIONS, PROGRAMS, write_lines
from tests.evaluation.sandbox.machine import need_a_sandbox
from tests.evaluation.stages import ENDS, write_three_stages

need_a_sandbox()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_three_stages(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def functions(tmp_path: Path) -> str:
    return write_lines(tmp_path / "functions.jsonl", FUNCTIONS)


@pytest.fixture
def programs(tmp_path: Path) -> str:
    return write_lines(tmp_path / "programs.jsonl", PROGRAMS)


def evaluate(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["evaluate", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def row(output: str, name: str) -> list[str]:
    """The table's row that begins with a word, without it."""
    (found,) = [line.split() for line in output.splitlines() if line.split()[:1] == [name]]
    return found[1:]


def contents(directory: Path) -> dict[str, bytes]:
    """All files but the results, which hold seconds."""
    files = [path for path in directory.rglob("*.json*") if path.parent.name != "results"]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def test_given_completions_are_scored_without_a_model(tmp_path: Path, functions: str) -> None:
    rows = [{"task_id": f["task_id"], "completion": f["canonical_solution"]} for f in FUNCTIONS for _ in range(10)]
    right = write_lines(tmp_path / "right.jsonl", rows)
    output = evaluate("humaneval", "--data", functions, "--completions", right)
    assert "functions.jsonl, sha256 " in output and row(output, "given") == ["100.00", "100.00"]
    assert evaluate("humaneval", "--data", functions, "--completions", right).count("run ") == 0
    wrong = write_lines(tmp_path / "wrong.jsonl", [{**one, "completion": "    pass"} for one in rows])
    assert row(evaluate("humaneval", "--data", functions, "--completions", wrong), "given") == ["0.00", "0.00"]
    with pytest.raises(CodemillError, match="holds an evaluation with completions"):
        evaluate("humaneval", "--data", functions, "--completions", wrong, "-o", f"{right}.evaluation")


def test_given_programs_are_scored_by_either_comparator(tmp_path: Path, programs: str) -> None:
    rows = [
        {"id": problem["id"], "input": values, "completions": f"print({wanted!r})\nraise ValueError"}
        for problem in PROGRAMS
        for values, wanted in zip(problem["inputs"], problem["outputs"], strict=False)
    ]
    given = write_lines(tmp_path / "given.jsonl", rows)
    assert row(evaluate("mtpb", "--data", programs, "--completions", given), "all") == ["2", "100.00"]
    assert row(evaluate("mtpb", "--data", programs, "--completions", given, "--strict-fixed"), "all") == ["2", "0.00"]


@pytest.mark.slow
def test_a_model_is_scored_the_same_each_time(run: str, functions: str, tmp_path: Path) -> None:
    options = ["--model", run, "--data", functions, "--samples", "4", "--temperature", "0.2,0.8", "--tokens", "8"]
    first = evaluate("humaneval", *options, "-o", str(tmp_path / "a"), "--batch", "4")
    assert row(first, "best") == ["0.00", "(T=0.2)"]
    evaluate("humaneval", *options, "-o", str(tmp_path / "b"), "--batch", "2")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    with pytest.raises(CodemillError, match="holds an evaluation with model"):
        evaluate("humaneval", *options, "-o", str(tmp_path / "a"), "--checkpoint", "6")


@pytest.mark.slow
def test_the_export_writes_the_same_greedy_completions(run: str, functions: str, tmp_path: Path) -> None:
    list(export(run, str(tmp_path / "exported"), None))
    for name, model in (("a", run), ("b", str(tmp_path / "exported"))):
        options = ["--samples", "1", "--temperature", "0", "--tokens", "8", "-o", str(tmp_path / name)]
        evaluate("humaneval", "--model", model, "--data", functions, *options)
    completions = [(tmp_path / name / "temperature-0" / "completions").glob("*") for name in "ab"]
    texts = [[path.read_bytes() for path in sorted(paths)] for paths in completions]
    assert texts[0] == texts[1] and len(texts[0]) == 3


@pytest.mark.slow
def test_a_model_goes_through_mtpb(run: str, programs: str, tmp_path: Path) -> None:
    options = ["--model", run, "--data", programs, "--samples", "2", "-o", str(tmp_path / "out"), "--batch", "4"]
    output = evaluate("mtpb", *options)
    assert row(output, "all")[0] == "2" and row(output, "hard") == ["2", "0.00"]
    assert float(row(output, "single-turn")[0]) > 1 and float(row(output, "multi-turn")[0]) > 1
    again = evaluate("mtpb", *options)
    assert row(again, "single-turn") == row(output, "single-turn") and "sample" not in again


@pytest.mark.slow
@pytest.mark.parametrize(("benchmark", "score"), [("humaneval", "pass@1"), ("mtpb", "all")])
def test_stages_stand_side_by_side(run: str, functions: str, programs: str, benchmark: str, score: str) -> None:
    data = {"humaneval": functions, "mtpb": programs}[benchmark]
    options = ["--benchmark", benchmark, "--data", data, "--samples", "2", "--temperature", "0.2", "--batch", "4"]
    output = evaluate("stages", run, *options)
    assert "nl at step 6, multi at step 12, mono at step 18" in output
    assert row(output, score) == ["0.00", "0.00", "0.00", "▁▁▁"]
    place = Path(run, "evaluation", f"stages-{benchmark}")
    assert sorted(path.name for path in place.iterdir()) == ["mono", "multi", "nl", "stages.svg"]
    ElementTree.parse(place / "stages.svg")


def test_each_stage_has_its_end(run: str) -> None:
    assert stage_ends(run) == ENDS
    assert Model(run, None, 1).default_output("mtpb").endswith("/run/evaluation/mtpb-step-18")


def test_a_picture_has_a_line_for_each_score() -> None:
    drawn = stages_svg("a < b", {"pass@1": {"nl": 0.1, "mono": 0.3}, "pass@10": {"nl": 0, "mono": 1}})
    picture = ElementTree.fromstring(drawn)
    lines = [
        path.get("d") or "" for path in picture.iter("{http://www.w3.org/2000/svg}path") if path.get("stroke-width")
    ]
    heights = [[float(y) for y in re.findall(r"[ML][\d.]+,([\d.]+)", line)] for line in lines[:2]]
    assert heights == [pytest.approx([234, 182]), pytest.approx([260, 0])]  # of 260 pixels for 0 to 100 %, downwards
    words = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a < b", "nl", "mono", "pass@1", "pass@10", "100%"} <= words and "var(" not in drawn


def test_mistakes_are_told_in_one_line(tmp_path: Path, functions: str) -> None:
    for arguments in ([], ["--model", "m", "--completions", "c"]):
        for benchmark in ("humaneval", "mtpb"):
            with pytest.raises(CodemillError, match="one thing to score; give either --model or --completions"):
                evaluate(benchmark, "--data", functions, *arguments)
    with pytest.raises(CodemillError, match=r"nowhere: holds neither plan\.json nor config\.json"):
        evaluate("humaneval", "--data", functions, "--model", str(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(CodemillError, match=r"temperatures '0\.2;0\.4' are no numbers"):
        parse_temperatures("0.2;0.4")
    with pytest.raises(CodemillError, match="at temperature 0 all samples are the same"):
        Draws(2, (0.0,), 0.95, 1)
    with pytest.raises(CodemillError, match="a temperature is given twice"):
        Draws(2, (0.2, 0.20), 0.95, 1)
