"""The demo, on a few of the packages that it takes."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

import pytest

from codemill.building.demonstration import run_demo
from schemas.manifest import PAGE_NAMES, load_manifest

PACKAGES = ("aiohttp", "attr", "numpy/_core", "numpy/lib", "numpy/random", "rich", "yaml")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some packages, and the texts that all of them come with, where Python's own would be."""
    installed, few = Path(sysconfig.get_paths()["purelib"]), tmp_path / "packages"
    for name in PACKAGES:
        unwanted = shutil.ignore_patterns("*.so", "__pycache__", "tests")
        shutil.copytree(installed / name, few / name, ignore=unwanted)
    for described in sorted(installed.glob("*.dist-info")):
        shutil.copytree(described, few / described.name, ignore=shutil.ignore_patterns("RECORD"))
    paths = sysconfig.get_paths
    monkeypatch.setattr(sysconfig, "get_paths", lambda *rest: {**paths(*rest), "purelib": str(few)})
    return few


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_goes_from_packages_to_a_sample(packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "demo"
    run_demo(str(place), 20, 1)
    told = capsys.readouterr().out
    assert "verified: " in told and "finished 60 steps" in told and "demo finished in" in told
    manifest = load_manifest(str(place / "snapshot"))
    assert list(manifest.stages) == ["mono", "multi", "nl"]
    assert all((place / "snapshot" / name).exists() for name in PAGE_NAMES)
    assert (place / "run" / "report.html").exists()
    run_demo(str(place), 20, 1)
    assert "up to date: every pass was already there" in capsys.readouterr().out
    assert load_manifest(str(place / "snapshot")).digest == manifest.digest
