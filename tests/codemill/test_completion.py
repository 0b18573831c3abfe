"""Completion through the shells' own protocol: what is typed goes in by variables, what is offered comes out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codemill.cli import app
from codemill.commands.completion import directories, runs, snapshots, yaml_files

COMMAND = Path(sys.executable).parent / "codemill"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("data/one", "data/two", "empty", "snapshots/big", "snapshots/small", "runs/first/checkpoints", ".git"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("corpus.yaml", "plan.yml", "notes.txt", "data/own.yaml", ".hidden.yaml"):
        (tmp_path / name).write_text("")
    for step in (20, 100):
        (tmp_path / "runs/first/checkpoints" / str(step)).mkdir()
    rules = [{"name": "longest_line", "at_most": 1000.0}, {"name": "mean_line_length", "below": 100.0, "above": None}]
    (tmp_path / "snapshots/small/manifest.json").write_text(json.dumps({"rules": {"a": rules, "b": rules[:1]}}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bash(line: str) -> list[str]:
    """What bash is given for a line whose last word is to be completed."""
    words = line.split(" ")
    variables = {
        "_CODEMILL_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = CliRunner().invoke(app, prog_name="codemill", env=variables)
    assert done.exit_code == 0, done.output
    return done.output.split()


def zsh(line: str) -> str:
    variables = {"_CODEMILL_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
    return CliRunner().invoke(app, prog_name="codemill", env=variables).output.strip()


def fish(line: str, action: str) -> tuple[int, list[str]]:
    variables = {
        "_CODEMILL_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": action,
    }
    done = CliRunner().invoke(app, prog_name="codemill", env=variables)
    return done.exit_code, done.output.split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("codemill bu", ["build"]),
        ("codemill do", ["doctor"]),
        ("codemill evaluate h", ["humaneval"]),
        ("codemill build --o", ["--output"]),
        ("codemill launch --on ", ["local", "tpu-vm"]),
        ("codemill build ", ["corpus.yaml", "data/", "empty/", "plan.yml", "runs/", "snapshots/"]),
        ("codemill build c", ["corpus.yaml"]),
        ("codemill build data/o", ["data/one/", "data/own.yaml"]),
        ("codemill build .h", [".hidden.yaml"]),
        ("codemill doctor p", ["plan.yml"]),
        ("codemill plan pl", ["plan.yml"]),
        # The shell itself completes names of files where nothing is offered.
        ("codemill build n", []),
        ("codemill build empty", []),
        ("codemill build ~/", []),
        ("codemill build gs : //bucket/", []),
        ("codemill build nowhere/x", []),
        ("codemill sample --file n", []),
        # A single folder is not offered alone, for the shell would end the word.
        ("codemill build da", ["data/", "data/one/", "data/own.yaml", "data/two/"]),
        ("codemill init da", ["data/", "data/one/", "data/two/"]),
        ("codemill init e", ["empty/"]),
        ("codemill build corpus.yaml --output sn", ["snapshots/", "snapshots/big/", "snapshots/small/"]),
        # What is looked for is offered as a whole word.
        ("codemill near snapshots/", ["snapshots/big/", "snapshots/small"]),
        ("codemill verify snapshots/s", ["snapshots/small"]),
        ("codemill sample runs/", ["runs/first"]),
        ("codemill sample runs/first --checkpoint ", ["20", "100"]),
        ("codemill export-hf runs/first --checkpoint 1", ["100"]),
        ("codemill evaluate humaneval --model runs/first --checkpoint ", ["20", "100"]),
        ("codemill whatif snapshots/small --set ", ["longest_line=1000", "mean_line_length=100"]),
        ("codemill whatif snapshots/small --set m", ["mean_line_length=100"]),
        ("codemill whatif snapshots/big --set ", []),
        ("codemill sample runs --checkpoint ", []),
    ],
)
def test_what_bash_is_offered(line: str, offered: list[str]) -> None:
    assert bash(line) == offered


def test_what_zsh_is_offered() -> None:
    assert zsh("codemill build c") == "_arguments '*: :((\"corpus.yaml\"))'"
    assert "--output" in zsh("codemill build --o")
    assert zsh("codemill build n") == "_files"


def test_what_fish_is_offered() -> None:
    assert fish("codemill build c", "get-args") == (0, ["corpus.yaml"])
    assert fish("codemill build c", "is-args")[0] == 0
    assert fish("codemill build n", "is-args")[0] == 1, "then fish completes names of files itself"


@pytest.mark.parametrize(
    "name", ["a b", "q'uote", "$HOME", "semi;colon", "st*r", "new\nline", "tab\t", "back`tick", "#x"]
)
def test_a_name_that_has_to_be_quoted_is_left_to_the_shell(name: str, folder: Path) -> None:
    (folder / f"{name}.yaml").write_text("")
    (folder / "d" / name).mkdir(parents=True)
    assert yaml_files("") == yaml_files(name[:1]) == directories("d/") == []
    assert "data/own.yaml" in yaml_files("data/o")


def test_what_cannot_be_listed_offers_nothing(folder: Path) -> None:
    for complete in (yaml_files, directories, snapshots, runs):
        assert complete("corpus.yaml/x") == complete("\0/x") == complete("gs://bucket/x") == complete("~root/") == []


@pytest.mark.parametrize("content", ["", "[]", '{"rules": 1}', '{"rules": {"a": [{"at_most": 1}]}}', "\xff"])
def test_a_manifest_that_is_none_offers_nothing(content: str, folder: Path) -> None:
    (folder / "snapshots/small/manifest.json").write_bytes(content.encode("latin-1"))
    assert bash("codemill whatif snapshots/small --set ") == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"), [(["bu"], ["build"]), (["build", "c"], ["corpus.yaml"]), (["build", "gs", ":", "//b/"], [])]
)
def test_a_real_bash(words: list[str], offered: list[str]) -> None:
    """The script that `--show-completion` gives, and the installed command, called as bash calls them."""
    array = " ".join(f"'{word}'" for word in ["codemill", *words])
    script = f"""
        eval "$('{COMMAND}' --show-completion bash)"
        COMP_WORDS=({array}); COMP_CWORD={len(words)}
        _codemill_completion '{COMMAND}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    variables = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env=variables)
    assert done.stderr == ""
    assert done.stdout.split() == offered


@pytest.mark.slow
def test_completion_loads_nothing_heavy() -> None:
    """Everything that is loaded for one completion: the libraries that take long stay out."""
    script = (
        "import sys, runpy, atexit\n"
        "heavy = {'numpy', 'pyarrow', 'jax', 'apache_beam', 'numba', 'rich', 'yaml'}\n"
        "atexit.register(lambda: print('heavy:', *sorted(heavy & set(sys.modules))))\n"
        "sys.argv = ['codemill']\n"
        "runpy.run_module('codemill.cli', run_name='__main__', alter_sys=True)\n"
    )
    variables = {"_CODEMILL_COMPLETE": "complete_bash", "COMP_WORDS": "codemill build c", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, **variables}
    )
    assert done.stdout.splitlines()[-1] == "heavy:", done.stdout
