import gc
import shutil
from pathlib import Path

import pytest

from codemill.metadata.write import write_metadata
from codemill.verify.snapshot import verify_snapshot
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.manifest import Manifest, load_manifest
from storage.files import join, read_bytes, write_atomic
from tests.codemill.metadata.conftest import small_config
from tests.storage.server import at_address, storage_server

PAGES = ["attribution.csv", "croissant.json", "README.md"]
pytestmark = pytest.mark.slow


def pages(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in PAGES}


def test_what_is_written_is_named(snapshot: Path, manifest: Manifest, tmp_path: Path) -> None:
    written = write_metadata(str(snapshot), manifest, str(tmp_path / "elsewhere"))
    assert written == [str(tmp_path / "elsewhere" / name) for name in PAGES]
    assert pages(tmp_path / "elsewhere") == pages(snapshot)


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_a_copy_at_another_path_has_the_same_pages(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    published: Path = request.getfixturevalue(which)
    shutil.copytree(published, tmp_path / "copy", ignore=shutil.ignore_patterns(*PAGES))
    write_metadata(str(tmp_path / "copy"), load_manifest(str(tmp_path / "copy")), str(tmp_path / "copy"))
    assert pages(tmp_path / "copy") == pages(published)


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_on_gs_they_are_the_same(snapshot: Path) -> None:
    with storage_server() as address, at_address(address) as bucket:
        for path in snapshot.rglob("*"):
            if path.is_file() and path.name not in PAGES:
                write_atomic(join(bucket, path.relative_to(snapshot).as_posix()), path.read_bytes())
        written = write_metadata(bucket, load_manifest(bucket), bucket)
        assert [read_bytes(path) for path in written] == list(pages(snapshot).values())
        gc.collect()


def test_a_manifest_fresh_from_the_build_gives_the_same_pages(snapshot: Path, tmp_path: Path) -> None:
    """Its dictionaries are in the order of the config, those of a file are sorted."""
    root = tmp_path / "again"
    fresh = build(small_config(root / "corpus"), str(root / "snapshot"), Runner(1, Silence()))
    loaded = load_manifest(str(root / "snapshot"))
    assert list(fresh.config["sources"]) != list(loaded.config["sources"])
    write_metadata(str(root / "snapshot"), fresh, str(tmp_path / "fresh"))
    write_metadata(str(root / "snapshot"), loaded, str(tmp_path / "loaded"))
    assert pages(tmp_path / "fresh") == pages(tmp_path / "loaded")


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_the_pages_do_not_touch_the_snapshot(which: str, request: pytest.FixtureRequest) -> None:
    assert verify_snapshot(str(request.getfixturevalue(which)), 1).problems == ()
