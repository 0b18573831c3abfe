from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from tests.corpus import write_corpus


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the small corpus with its work directory beside it; not to be changed."""
    root = tmp_path_factory.mktemp("built")
    build(write_corpus(root / "corpus"), str(root / "snapshot"), Runner(1, Silence()))
    return root / "snapshot"
