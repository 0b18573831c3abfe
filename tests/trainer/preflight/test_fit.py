"""What is said about a plan on a slice: by estimate always, by the compiler where libtpu is installed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import pytest
from typer.testing import CliRunner

import trainer.preflight.compile_ahead
import trainer.preflight.fit
from codemill.cli import app
from schemas.errors import CodemillError
from schemas.plan import Plan, load_plan
from tests.trainer.plans import MODEL, stage
from tests.trainer.snapshots import three_stage_snapshot
from trainer.preflight.compile_ahead import Compiled, OutOfMemory, compile_ahead
from trainer.preflight.fit import Bound, preflight
from trainer.preflight.topology import parse_topology
from trainer.preflight.traffic import Collective, Traffic

EXAMPLES = Path(__file__).parents[3] / "examples"
SMALL = {**MODEL, "heads": 2, "head_dim": 64, "vocabulary_rows": 512, "context_length": 256}
FOUND = Compiled(3 << 30, 3 << 30, 3 << 30, 5 << 30, 0, 7.0, Traffic({"all-gather": Collective(12, 1 << 30)}, 2 << 30))


def plan_of(*stages: dict[str, Any], **changes: Any) -> Plan:
    return Plan.model_validate({"name": "test", "model": SMALL, "stages": list(stages), **changes})


def said(plan: Plan, topology: str) -> list[str]:
    lines: list[str] = []
    preflight(plan, parse_topology(topology), lines.append)
    return lines


@pytest.fixture
def no_libtpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer.preflight.fit, "libtpu_version", lambda: None)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A compiler that finds `FOUND` in every stage; gives the numbers of those it was asked for."""
    asked: list[int] = []

    def compiled(plan: Plan, number: int, topology: Any) -> Compiled:
        asked.append(number)
        return FOUND

    monkeypatch.setattr(trainer.preflight.fit, "libtpu_version", lambda: "1.2.3")
    monkeypatch.setattr(trainer.preflight.fit, "compile_ahead", compiled)
    return asked


@pytest.mark.usefixtures("no_libtpu")
def test_without_libtpu_estimates_are_given_and_named_so() -> None:
    lines = said(load_plan(str(EXAMPLES / "codegen-16b-plan.yaml")), "v4:4x4x8")
    text = "\n".join(lines)
    assert "ESTIMATES" in text and "pip install" in text
    assert "checkpoint is 179.2 GiB" in text and "128 TPU v4 on 32 host(s)" in text
    assert "mono: 150,000 steps, 314,572,800,000 tokens" in text
    assert "out of memory" not in text


@pytest.mark.usefixtures("no_libtpu")
def test_no_device_is_taken_from_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(jax, "devices")
    monkeypatch.delattr(jax, "default_backend")
    assert said(plan_of(stage("a", "x")), "v5e:1x1")


@pytest.mark.usefixtures("no_libtpu")
def test_an_estimate_above_the_memory_is_no_error_but_said() -> None:
    plan = plan_of(stage("a", "x", batch_sequences=64, microbatches=1), model="16.1B", mesh={"fsdp": 4})
    assert any("likely out of memory" in line for line in said(plan, "v5e:2x2"))


def test_equal_stages_are_compiled_once(compilations: list[int]) -> None:
    stages = [stage("a", "x"), stage("b", "x", weight_decay=0.0), stage("c", "x", separate_documents=True)]
    text = "\n".join(said(plan_of(*stages), "v5e:1x1"))
    assert compilations == [0, 2]
    assert "a, b: compiling with libtpu 1.2.3" in text
    assert "8.00 of 16 GiB a chip = 3.00 arguments + 3.00 results - 3.00" in text
    assert "all-gather 12 (1.0)" in text


def test_more_than_the_chip_has_is_an_error(compilations: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    found = FOUND._replace(temporaries=14 << 30)
    monkeypatch.setattr(trainer.preflight.fit, "compile_ahead", lambda *_: found)
    with pytest.raises(OutOfMemory, match=r"stage a takes 17\.00 GiB a chip on v5e:1x1") as raised:
        said(plan_of(stage("a", "x")), "v5e:1x1")
    assert raised.value.status == 1 and "microbatches" in raised.value.remedy


@pytest.mark.parametrize(
    ("mesh", "words"), [({"data": 3}, "does not cover 4"), ({"tensor": 4}, "does not split over tensor=4")]
)
def test_a_mesh_that_does_not_fit_the_slice_is_refused(mesh: dict[str, int], words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        said(plan_of(stage("a", "x"), mesh=mesh), "v5e:2x2")


def test_the_largest_time_binds() -> None:
    assert Bound(2.0, None, 1.0).seconds == 2.0 and Bound(2.0, None, 1.0).binds == "arithmetic"
    assert Bound(2.0, 5.0, 1.0).binds == "memory" and Bound(2.0, 5.0, 8.0).binds == "links"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            "RESOURCE_EXHAUSTED: Ran out of memory on HBM (23G of 15.75G).\nbuffers",
            OutOfMemory,
            r"v4:2x2x1: Ran.*15.75G\);",
        ),
        ("INTERNAL: no such thing\nmore", CodemillError, "failed: INTERNAL: no such thing"),
    ],
)
def test_the_compilers_errors_are_told_in_a_line(
    answer: str, kind: type[CodemillError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = "noise\n" + trainer.preflight.compile_ahead._PREFIX + json.dumps({"error": answer})
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, output, ""))
    with pytest.raises(kind, match=words) as raised:
        compile_ahead(plan_of(stage("a", "x")), 0, parse_topology("v4-8"))
    assert "\n" not in raised.value.message


def test_a_compiler_that_dies_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    died = subprocess.CompletedProcess([], -6, "", "first\nlast words")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: died)
    with pytest.raises(CodemillError, match="status -6: last words"):
        compile_ahead(plan_of(stage("a", "x")), 0, parse_topology("v4-8"))


@pytest.mark.usefixtures("no_libtpu")
def test_the_command_goes_on_without_snapshots_and_uses_those_there_are(tmp_path: Path) -> None:
    snapshot = three_stage_snapshot(tmp_path / "snapshot")
    plan = {"name": "t", "model": MODEL, "stages": [stage("nl", snapshot), stage("multi", str(tmp_path / "none"))]}
    (tmp_path / "plan.yaml").write_text(json.dumps(plan))
    done = CliRunner().invoke(app, ["plan", str(tmp_path / "plan.yaml"), "--topology", "v6e-1", "--mfu", "0.4"])
    assert done.exit_code == 0, done.output
    # 48 records of 16 tokens, four times: 24 sequences of them are asked for.
    assert f"{(4 * 48 - 24) * 16:,} tokens left within 4 epochs" in done.output
    assert "multi: tokens left unknown" in done.output and "at 40% MFU" in done.output


@pytest.mark.slow
def test_the_compiler_is_asked_for_the_real_step() -> None:
    pytest.importorskip("libtpu")
    text = "\n".join(said(plan_of(stage("a", "x", separate_documents=True), mesh={"tensor": 2}), "v5e:2x2"))
    assert "splash attention" in text and "all-reduce" in text


@pytest.mark.slow
def test_out_of_memory_is_the_compilers_word() -> None:
    pytest.importorskip("libtpu")
    with pytest.raises(OutOfMemory, match=r"out of memory on v5e:2x2: .*HBM|takes .* GiB a chip"):
        said(plan_of(stage("a", "x", batch_sequences=64, microbatches=1), model="6.1B"), "v5e:2x2")


def test_the_child_needs_no_libtpu_to_be_imported() -> None:
    """Its parent imports it to call it, and must stay free of libtpu and of JAX's backends."""
    script = "import trainer.preflight.compile_ahead, sys; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[3]).returncode == 0
