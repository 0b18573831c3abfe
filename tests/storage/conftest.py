from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.server import storage_environment


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """The URI of an emulated bucket."""
    with storage_environment() as uri:
        yield uri


@pytest.fixture(params=["local", "gs"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty directory, local and on gs://."""
    if request.param == "local":
        return str(tmp_path)
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"
