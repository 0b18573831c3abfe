"""A build on Prism, an engine that shares no code with the local runner, has the bytes of a local one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.prism import build_prism, prism_options
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from tests.corpus import write_corpus
from tests.pipelines.test_build import hashes


@pytest.fixture(scope="module")
def prism(pytestconfig: pytest.Config) -> list[str]:
    assert pytestconfig.cache is not None
    program = build_prism(pytestconfig.cache.mkdir("prism"))
    if program is None:
        pytest.skip("Prism is compiled with Go, which is not here")
    return prism_options(program)


@pytest.mark.engine
@pytest.mark.slow
def test_prism_gives_the_same_bytes(prism: list[str], tmp_path: Path) -> None:
    config = write_corpus(tmp_path / "corpus")
    build(config, str(tmp_path / "local"), Runner(1, Silence()))
    build(config, str(tmp_path / "prism"), Runner(1, Silence(), tuple(prism)))
    assert hashes(tmp_path / "prism") == hashes(tmp_path / "local")


@pytest.mark.engine
@pytest.mark.slow
def test_what_a_lost_engine_began_another_ends(prism: list[str], tmp_path: Path) -> None:
    config = write_corpus(tmp_path / "corpus")
    build(config, str(tmp_path / "undisturbed"), Runner(1, Silence()))
    file, output = tmp_path / "config.yaml", tmp_path / "snapshot"
    file.write_text(config.model_dump_json())
    command = [sys.executable, "-m", "codemill.cli", "build", str(file), "-o", str(output), "--", *prism]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("snapshot.work/compare-*")) and running.poll() is None:
        time.sleep(0.05)
    os.kill(engine_of(running.pid), signal.SIGKILL)
    _, said = running.communicate()
    assert running.returncode == 2
    assert "codemill: error: the engine does not answer" in said
    build(config, str(output), Runner(1, Silence()))
    assert hashes(output) == hashes(tmp_path / "undisturbed")


def engine_of(driver: int) -> int:
    """The Prism that a build has started."""
    for path in Path("/proc").glob("[0-9]*"):
        fields = (path / "stat").read_text().rpartition(")")[2].split()
        if fields[1] == str(driver) and b"prism" in (path / "exe").readlink().name.encode():
            return int(path.name)
    raise ProcessLookupError(driver)
