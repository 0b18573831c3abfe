from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codemill.doctor import accelerators, machine, run, sandbox
from codemill.doctor.finding import Status
from tests.codemill.initial.folders import write_tree

CONFIG = """
name: small
sources: {tree: {kind: directory, paths: [%s], languages: [go]}}
stages: {code: {sources: [tree]}}
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow checks have tests of their own."""
    monkeypatch.setattr(accelerators, "devices", lambda: iter(()))
    monkeypatch.setattr(sandbox, "sandbox", lambda: iter(()))


def test_a_config_that_does_not_load_is_broken(tmp_path: Path) -> None:
    (tmp_path / "corpus.yaml").write_text("name: [")
    found = list(run.examine(str(tmp_path / "corpus.yaml"), None))
    assert [each.check for each in found if each.status is Status.BROKEN] == ["config"]
    assert not [each for each in found if each.check.startswith("source")]


def test_a_config_and_an_output(tmp_path: Path) -> None:
    write_tree(tmp_path / "data")
    (tmp_path / "corpus.yaml").write_text(CONFIG % (tmp_path / "data"))
    found = {each.check: each for each in run.examine(str(tmp_path / "corpus.yaml"), str(tmp_path / "snapshot"))}
    assert found["config"].what.endswith("1 source, stages code")
    assert found["source tree"].status is found["output"].status is found["room"].status is Status.OK
    assert "wanted for" in found["room"].what


def test_a_check_that_fails_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("oh")

    monkeypatch.setattr(machine, "open_files", fail)
    found = {each.check: each for each in run.examine(None, None)}
    assert found["open files"].status is Status.BROKEN and "RuntimeError: oh" in found["open files"].what
    assert found["gcloud"].status in (Status.OK, Status.NOTE)


@pytest.mark.slow
@pytest.mark.parametrize("broken", [False, True])
def test_the_command(broken: bool, tmp_path: Path) -> None:
    write_tree(tmp_path / "data")
    (tmp_path / "corpus.yaml").write_text(CONFIG % (tmp_path / ("nothing" if broken else "data")))
    command = [sys.executable, "-m", "codemill.cli", "doctor", str(tmp_path / "corpus.yaml"), "--json"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "snapshot")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
    )
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer["broken"] is broken and done.returncode == int(broken)
    assert not (tmp_path / "snapshot").exists()
    wrong = {each["check"] for each in answer["checks"] if each["status"] == "broken"}
    assert wrong == ({"source tree"} if broken else set())
    assert {"Python", "libraries", "kernels", "cores", "memory", "devices", "sandbox", "credentials", "room"} <= {
        each["check"] for each in answer["checks"]
    }
