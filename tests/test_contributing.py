"""CONTRIBUTING's worked example, taken from its blocks and put into a copy of the rooms that it touches."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_import_direction import ROOT

# `path`, words:  and then fenced blocks, which are the file itself, or what changes in it.
PLACE = re.compile(r"^`(?P<path>[\w./-]+)`[^\n]*:\n(?P<blocks>(?:\n```\w+\n.*?^```\n)+)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CHECK = """
from filtering.rules import check_rules
from schemas.config import load_config

check_rules(load_config("demo/rule.yaml").sources["code"].filters)
"""


def write(root: Path, path: str, kind: str, text: str) -> None:
    """Put a block where it belongs; the lines around a change have to stand in the file once."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "diff":
        lines = text.splitlines(keepends=True)
        before, after = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
        old = file.read_text(encoding="utf-8")
        assert old.count(before) == 1, f"{path} has changed around\n{before}"
        text = old.replace(before, after)
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    for room in ("storage", "buffers", "schemas", "filtering"):
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    for place in PLACE.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        for block in BLOCK.finditer(place["blocks"]):
            write(root, place["path"], block["kind"], block["text"])
    return root


def python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True)


@pytest.mark.slow
def test_the_examples_own_test_passes(followed: Path) -> None:
    options = ("--import-mode=importlib", "--rootdir=.", "--hypothesis-profile=ci", "-q", "-p", "no:cacheprovider")
    done = python(followed, "-m", "pytest", *options, "tests/filtering/test_conflicts.py")
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_its_build_may_have_the_rule(followed: Path) -> None:
    done = python(followed, "-c", CHECK)
    assert done.returncode == 0, done.stderr
    assert python(ROOT, "-c", CHECK.replace("demo/rule.yaml", str(followed / "demo/rule.yaml"))).returncode == 1


def test_what_it_writes_is_in_the_projects_style(followed: Path) -> None:
    files = ("filtering/conflicts.py", "filtering/signals.py", "tests/filtering/test_conflicts.py")
    for command in (("check",), ("format", "--check")):
        done = python(followed, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), *files)
        assert done.returncode == 0, done.stdout
