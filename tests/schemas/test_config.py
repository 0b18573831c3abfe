from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.config import BuildConfig, load_config
from schemas.errors import CodemillError

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL: dict[str, Any] = {
    "name": "small",
    "sources": {"code": {"kind": "directory", "paths": ["src"], "languages": ["python"]}},
    "stages": {"mono": {"sources": ["code"]}},
}


def load(tmp_path: Path, data: Any) -> BuildConfig:
    path = tmp_path / "config.yaml"
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data))
    return load_config(str(path))


def error_of(tmp_path: Path, data: Any) -> str:
    with pytest.raises(CodemillError) as caught:
        load(tmp_path, data)
    return str(caught.value)


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("codegen.yaml")))
def test_examples_are_valid(example: Path) -> None:
    config = load_config(str(example))
    assert list(config.stages) == ["nl", "multi", "mono"]


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL)
    assert config.shards.context_length == 2048
    assert config.dedup.near is not None and config.dedup.near.bands == 32
    assert config.stage_of("code") == "mono"


def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path) -> None:
    message = error_of(tmp_path, {**SMALL, "shards": {"context_lenght": 5}})
    assert "config.yaml" in message and "shards.context_lenght" in message and "'context_length'" in message


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    assert "written twice" in error_of(tmp_path, "name: a\nname: b\n")


def test_bad_yaml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in error_of(tmp_path, "name: a\nseed: ]\n")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stages": {"mono": {"sources": ["cod"]}}}, "the sources are code"),
        ({"stages": {"a": {"sources": ["code"]}, "b": {"sources": ["code"]}}}, "feeds both"),
        ({"dedup": {"near": {"bands": 64, "rows": 8}}}, "256 bins"),
        ({"sources": {**SMALL["sources"], "idle": SMALL["sources"]["code"]}}, "no stage uses source 'idle'"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_contradictions_are_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    assert words in error_of(tmp_path, {**SMALL, **change})


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"nowhere\.yaml: cannot be read"):
        load_config(str(tmp_path / "nowhere.yaml"))
