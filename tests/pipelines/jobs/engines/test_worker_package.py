"""The package for workers: whole, the same from the same code, its libraries those that run here."""

from __future__ import annotations

import io
import tarfile
import tomllib
from importlib.metadata import version
from pathlib import Path

from pipelines.code_version import ROOMS
from pipelines.jobs.engines.worker_package import ROOT, is_checkout, pinned, source_package


def test_every_file_of_the_code_is_in_it_and_nothing_of_the_machine() -> None:
    name, content = source_package()
    assert (name, content) == source_package()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        found = {entry.name.partition("/")[2] for entry in tar}
        assert {(entry.uid, entry.uname, entry.mtime) for entry in tar} == {(0, "", 0)}
    for room in (*ROOMS, "codemill"):
        for file in (ROOT / room).rglob("*"):
            if file.suffix in {".py", ".yaml", ".txt"}:
                assert file.relative_to(ROOT).as_posix() in found
    assert not [name for name in found if "__pycache__" in name or name.startswith("tests")]


def test_what_the_project_depends_on_is_pinned_to_what_runs_here() -> None:
    dependencies = tomllib.loads(pinned((ROOT / "pyproject.toml").read_text()))["project"]["dependencies"]
    assert f"pyarrow=={version('pyarrow')}" in dependencies
    assert f"apache-beam[gcp]=={version('apache-beam')}" in dependencies
    assert all("==" in requirement for requirement in dependencies)


def test_an_installation_is_no_checkout(tmp_path: Path) -> None:
    assert is_checkout()
    assert not is_checkout(tmp_path)
