"""Builds that are broken in every pass, run again, and end in the same bytes, with nothing left beside them."""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.workspace import work_directory
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from storage.errors import StorageError
from storage.files import TEMPORARY_PREFIX
from tests.corpus import write_corpus
from tests.pipelines.broken_builds import Ending, RunningBuild, strays
from tests.pipelines.test_build import hashes

PATIENCE = 120.0


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    return write_corpus(tmp_path_factory.mktemp("corpus"), documents=30)


@pytest.fixture(scope="module")
def undisturbed(corpus: BuildConfig, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    output = tmp_path_factory.mktemp("built") / "snapshot"
    build(corpus, str(output), Runner(1, Silence()))
    return hashes(output)


class Broken:
    """A build that is started and broken again and again."""

    def __init__(self, corpus: BuildConfig, root: Path) -> None:
        self.output = root / "snapshot"
        self._config = root / "config.yaml"
        self._config.write_text(corpus.model_dump_json())
        self._log = root / "log"

    def start_until(self, dataset: str) -> RunningBuild:
        """Start it, and wait until a pass has begun to write."""
        running = RunningBuild(self._config, str(self.output), self._log)
        deadline = time.monotonic() + PATIENCE
        while not list(Path(work_directory(str(self.output))).glob(dataset)):
            if running.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{dataset} was not begun: {running.end(0)}")
            time.sleep(0.02)
        return running


def send(number: signal.Signals) -> Callable[[RunningBuild], None]:
    return lambda running: running.process.send_signal(number)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_build_broken_in_every_pass_ends_in_the_same_bytes(
    corpus: BuildConfig, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    broken = Broken(corpus, tmp_path)
    for dataset, break_, ending, words in [
        ("harvest-*", lambda running: running.kill_a_worker(min), Ending.CLEAR_ERROR, "a worker process was killed"),
        ("compare-*", send(signal.SIGKILL), Ending.KILLED, ""),
        ("tokenise-*", send(signal.SIGINT), Ending.CLEAR_ERROR, "run the same command again to go on"),
        ("shard-*", send(signal.SIGTERM), Ending.CLEAR_ERROR, "run the same command again to go on"),
        ("publish-*", RunningBuild.kill_all, Ending.KILLED, ""),
    ]:
        running = broken.start_until(dataset)
        break_(running)
        ended = running.end(PATIENCE)
        assert (ended.ending, ended.processes) == (ending, 0), ended.said
        assert words in ended.said
    for name in (TEMPORARY_PREFIX + "killed", f"documents/{TEMPORARY_PREFIX}killed", "shards/mono/other.tfrecord"):
        path = broken.output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    build(corpus, str(broken.output), Runner(1, Silence()))
    assert hashes(broken.output) == undisturbed
    assert strays(str(broken.output)) == []


@pytest.mark.slow
def test_a_second_build_is_refused_while_the_first_runs(corpus: BuildConfig, tmp_path: Path) -> None:
    broken = Broken(corpus, tmp_path)
    running = broken.start_until("harvest-*")
    with pytest.raises(CodemillError, match=rf"another build is at work there \(process {running.process.pid}\)"):
        build(corpus, str(broken.output), Runner(1, Silence()))
    running.kill_all()
    assert running.end(PATIENCE).ending is Ending.KILLED


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file can grow beyond a size, as on a disk that is almost full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [100, 3_000, 20_000])
def test_a_full_disk_is_told_and_leaves_nothing(
    corpus: BuildConfig, undisturbed: dict[str, str], tmp_path: Path, size: int
) -> None:
    output = tmp_path / "snapshot"
    with files_up_to(size), pytest.raises(StorageError, match="cannot write"):
        build(corpus, str(output), Runner(1, Silence()))
    assert not list(tmp_path.rglob(TEMPORARY_PREFIX + "*"))
    build(corpus, str(output), Runner(1, Silence()))
    assert hashes(output) == undisturbed


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_without_the_right_to_write_is_told_at_once(corpus: BuildConfig, tmp_path: Path) -> None:
    output = tmp_path / "snapshot"
    output.mkdir(mode=0o500)
    with pytest.raises(StorageError, match="permission denied"):
        build(corpus, str(output), Runner(1, Silence()))
