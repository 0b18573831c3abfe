"""What `load_manifest` says of each thing that may be found where a snapshot should be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import FORMAT_VERSION, MANIFEST_NAME, Manifest, canonical_json, load_manifest
from tests.trainer.snapshots import counting_records, write_snapshot


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    splits = {name: counting_records(6, 1) for name in ("train", "validation-python", "validation-c")}
    return Path(write_snapshot(tmp_path / "snapshot", {"mono": splits}))


def changed(snapshot: Path, change: Callable[[dict[str, Any]], object]) -> str:
    path = snapshot / MANIFEST_NAME
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data))
    return str(snapshot)


def test_what_was_written_is_read(snapshot: Path) -> None:
    manifest = load_manifest(str(snapshot))
    assert manifest.to_bytes() == (snapshot / MANIFEST_NAME).read_bytes()
    assert manifest.sealed() == manifest
    assert manifest.stages["mono"].validation_languages() == ["c", "python"]
    assert manifest.stages["mono"].splits["train"].records == 6


def test_the_digest_covers_everything_but_itself(snapshot: Path) -> None:
    manifest = load_manifest(str(snapshot))
    for name in Manifest.model_fields:
        other = manifest.model_copy(update={name: {"other": 1} if name == "config" else None})
        if name != "digest":
            content = other.model_dump(mode="json", exclude={"digest"}, warnings=False)
            assert canonical_json(content) != canonical_json(manifest.model_dump(mode="json", exclude={"digest"}))
    assert manifest.model_copy(update={"digest": "x"}).computed_digest() == manifest.digest


def test_an_edited_manifest_is_noticed(snapshot: Path) -> None:
    with pytest.raises(CheckFailed, match="content does not match its digest"):
        load_manifest(changed(snapshot, lambda data: data.update(seed=2)))


def test_a_missing_or_wrong_field_is_named(snapshot: Path) -> None:
    with pytest.raises(CheckFailed, match=r"is damaged, or no manifest \(hosts: "):
        load_manifest(changed(snapshot, lambda data: data.update(hosts="many")))
    with pytest.raises(CheckFailed, match=r"is damaged, or no manifest \(tokenizer\.size: "):
        load_manifest(changed(snapshot, lambda data: (data.update(hosts=1), data["tokenizer"].pop("size"))))


@pytest.mark.parametrize(
    ("version", "remedy"), [(FORMAT_VERSION - 1, "build it again"), (FORMAT_VERSION + 1, "use the newer codemill")]
)
def test_another_format_version_is_refused(snapshot: Path, version: int, remedy: str) -> None:
    directory = changed(snapshot, lambda data: data.update(format_version=version))
    with pytest.raises(CodemillError, match=f"is of format version {version}") as refused:
        load_manifest(directory)
    assert refused.value.remedy.startswith(remedy)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_manifest_is_refused(snapshot: Path, content: bytes) -> None:
    (snapshot / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(CheckFailed, match="is damaged, or no manifest"):
        load_manifest(str(snapshot))


def test_a_place_without_a_manifest_is_told_by_what_is_there(tmp_path: Path) -> None:
    for name in ("run", "half", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "plan.json").touch()
    (tmp_path / "half.work").mkdir()
    (tmp_path / "half.work" / "x").touch()
    (tmp_path / "empty" / "readme").touch()
    for name, words in (
        ("run", "is a run, not a snapshot"),
        ("half", "is not a finished snapshot"),
        ("empty", "is no snapshot"),
        ("nowhere", "there is no such directory"),
    ):
        with pytest.raises(CodemillError, match=words):
            load_manifest(str(tmp_path / name))
