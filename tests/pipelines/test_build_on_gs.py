"""Builds on gs://: the same bytes as on a disk, through a network that fails; and two builds into one directory."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.snapshot.files import publish_manifest, unpublish
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.manifest import load_manifest
from storage import objects
from storage.files import join, read_bytes, write_atomic
from storage.listing import list_files
from tests.corpus import write_corpus
from tests.storage.faults import Fault, FaultProxy, fault_proxy
from tests.storage.server import at_address, storage_server

# The library drops a connection whose answer it has not read to the end without closing it.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultProxy]:
    with storage_server() as address, fault_proxy(address) as made:
        yield made


@pytest.fixture
def bucket(proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(objects, "RETRY", objects.RETRY.with_delay(initial=0.01, maximum=0.02, multiplier=1.0))
    proxy.pass_all()
    with at_address(proxy.address) as uri:
        yield uri
    gc.collect()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    write_corpus(root, documents=30)
    return root


@pytest.fixture(scope="module")
def built(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("built")
    build(config_below(str(corpus), root), str(root / "snapshot"), Runner(1, Silence()))
    return str(root / "snapshot")


def config_below(root: str, local: Path) -> BuildConfig:
    """The corpus's config with its paths at another place."""
    made = write_corpus(local / "again", documents=30)
    return BuildConfig.model_validate_json(made.model_dump_json().replace(str(local / "again"), root))


def hashes(root: str) -> dict[str, str]:
    return {
        relative: hashlib.sha256(read_bytes(join(root, relative))).hexdigest() for relative, _, _ in list_files(root)
    }


@pytest.mark.slow
def test_a_build_on_gs_has_the_bytes_of_a_local_one(
    corpus: Path, built: str, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    for path in corpus.rglob("*"):
        if path.is_file():
            write_atomic(join(bucket, "in", str(path.relative_to(corpus))), path.read_bytes())
    remote = join(bucket, "snapshot")
    faults = [Fault.UNAVAILABLE, Fault.RESET, Fault.LOST, Fault.RESET_BODY, Fault.BUSY, Fault.CUT_BODY]
    proxy.break_every(7, *faults)
    build(config_below(join(bucket, "in"), tmp_path), remote, Runner(1, Silence()))
    assert {"read", "look", "list", "write"} <= set(proxy.kinds())
    assert len(proxy.seen) > 7 * len(faults)
    proxy.pass_all()
    theirs, ours = hashes(built), hashes(remote)
    assert theirs.pop("manifest.json") != ours.pop("manifest.json")  # it says where the input lies
    assert ours == theirs


@pytest.mark.parametrize("place", ["local", "gs"])
def test_of_two_builds_into_one_directory_one_publishes(place: str, bucket: str, built: str, tmp_path: Path) -> None:
    manifest = load_manifest(built)
    output = str(tmp_path / "shared") if place == "local" else join(bucket, "shared")
    others = [manifest.model_copy(update={"name": f"build-{i}"}).sealed() for i in range(4)]
    unpublish(output)

    def publish(number: int) -> str:
        try:
            publish_manifest(output, others[number])
        except CodemillError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(publish, range(4)))
    winner = said.index("")
    assert said.count("") == 1
    assert load_manifest(output).name == f"build-{winner}"
    for words in said[:winner] + said[winner + 1 :]:
        assert f"another build published 'build-{winner}' there while this one ran" in words
    publish_manifest(output, others[winner])  # again, as after a lost answer
