"""A build on Prism, an engine that shares no code with the local runner, has the bytes of a local one."""

from pathlib import Path

import pytest

from benchmarks.prism import build_prism, prism_options
from pipelines.build import build
from pipelines.progress import Silence
from pipelines.runner import Runner
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
