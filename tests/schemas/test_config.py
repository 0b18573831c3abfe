from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.config import BuildConfig, CodegenTokenizerConfig, PinnedFile, load_config
from schemas.errors import CodemillError
from storage.errors import MissingFile

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
        ({"stages": {"a": {"sources": ["code"], "order": "repository", "packing": "best_fit"}}}, "would undo"),
        ({"stages": {"a": {"sources": ["code"], "fill_in_the_middle": {"rate": 0}}}}, "rate"),
        (
            {"stages": {"a": {"sources": ["code"], "fill_in_the_middle": {"tokens": ["a", "b", "a"]}}}},
            "three different",
        ),
    ],
)
def test_contradictions_are_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    assert words in error_of(tmp_path, {**SMALL, **change})


PINNED = {"path": "https://host/vocab.json", "sha256": "0" * 64}


def test_a_tokenizers_file_is_a_name_or_a_name_and_a_hash(tmp_path: Path) -> None:
    given = {"kind": "codegen", "vocabulary": PINNED, "merges": "gs://bucket/merges.txt"}
    tokenizer = load(tmp_path, {**SMALL, "tokenizer": given}).tokenizer
    assert isinstance(tokenizer, CodegenTokenizerConfig)
    assert tokenizer.vocabulary == PinnedFile(**PINNED)
    assert tokenizer.merges == PinnedFile(path="gs://bucket/merges.txt")
    assert BuildConfig.model_validate({**SMALL, "tokenizer": tokenizer.model_dump(mode="json")}).tokenizer == tokenizer


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("https://host/t.json", "needs the sha256"),
        ("http://host/t.json", "http:// is not read"),
        ({**PINNED, "sha256": "0" * 63}, "sha256"),
        ({**PINNED, "path": "https://me:key@host/t.json"}, "a user or password"),
        ({**PINNED, "path": "https://host/t.json?key=1"}, "a query"),
        ({**PINNED, "path": ""}, "path"),
        ({"path": "a", "hash": "0"}, "unknown key"),
        (["a"], "path"),
    ],
)
def test_files_that_cannot_be_trusted_are_refused(tmp_path: Path, file: Any, words: str) -> None:
    assert words in error_of(tmp_path, {**SMALL, "tokenizer": {"kind": "tokenizer_json", "path": file}})


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"nowhere\.yaml: cannot read"):
        load_config(str(tmp_path / "nowhere.yaml"))
