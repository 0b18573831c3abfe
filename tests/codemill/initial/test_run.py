from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from codemill.building.build import build_snapshot
from codemill.commands.plan import plan as check_plan
from codemill.initial.run import write_initial
from filtering.rule_sets import rule_set_names
from pipelines.sources import plan as plan_source
from schemas.config import BuildConfig, load_config
from schemas.errors import CodemillError
from schemas.manifest import load_manifest
from schemas.plan import load_plan
from schemas.sources import BigQuerySource
from storage.files import StorageError, join, read_bytes, write_atomic
from storage.listing import list_files
from tests.codemill.initial.folders import (
    MANY,
    options,
    write_github,
    write_pile,
    write_repository,
    write_tree,
)
from tests.corpus import python_text
from tests.storage.server import storage_environment


def initial(folder: Path | str, at: Path, *, plan: bool = False) -> tuple[BuildConfig, list[str]]:
    said: list[str] = []
    write_initial(
        str(folder), str(at / "corpus.yaml"), str(at / "plan.yaml") if plan else None, force=False, say=said.append
    )
    return load_config(str(at / "corpus.yaml")), said


def kept(snapshot: Path) -> dict[tuple[str, str], int]:
    ledger = load_manifest(str(snapshot)).ledger
    return {(row.stage, row.source): row.outcomes["kept"].documents for row in ledger.sources if "kept" in row.outcomes}


KINDS: dict[str, tuple[Callable[[Path], None], dict[tuple[str, str], int]]] = {
    "pile": (write_pile, {("nl", "pile"): MANY}),
    "pile.gz": (lambda folder: write_pile(folder, ".jsonl.gz"), {("nl", "pile"): MANY}),
    "texts.zst": (lambda folder: write_pile(folder, ".jsonl.zst", None), {("nl", "texts"): MANY}),
    "parquet": (lambda folder: write_github(folder, ".parquet"), {("mono", "github"): MANY}),
    "avro": (lambda folder: write_github(folder, ".avro"), {("mono", "github"): MANY}),
    "json": (lambda folder: write_github(folder, ".json"), {("mono", "github"): MANY}),
    "jsonl.gz": (lambda folder: write_github(folder, ".jsonl.gz"), {("mono", "github"): MANY}),
    "bare": (lambda folder: write_repository(folder / "a.git"), {("mono", "repositories"): MANY}),
    "itself": (lambda folder: write_repository(folder, bare=False), {("mono", "repositories"): MANY}),
    "tree": (write_tree, {("multi", "files-code"): MANY, ("mono", "files-python"): MANY}),
    "prose": (
        lambda folder: write_tree(folder, prose=True),
        {("nl", "files-prose"): 10, ("multi", "files-code"): MANY, ("mono", "files-python"): MANY},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_can_be_built_as_it_is(kind: str, tmp_path: Path) -> None:
    write, expected = KINDS[kind]
    write(tmp_path / "data")
    config, _ = initial(tmp_path / "data", tmp_path, plan=True)
    build_snapshot(config, str(tmp_path / "snapshot"), workers=1)
    assert kept(tmp_path / "snapshot") == expected
    assert [stage.name for stage in load_plan(str(tmp_path / "plan.yaml")).stages] == list(config.stages)


@pytest.mark.slow
def test_a_mixture_becomes_several_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    write_pile(data / "pile")
    write_pile(data / "pile" / "more")
    write_github(data, ".parquet")
    write_repository(data / "git" / "one.git")
    write_repository(data / "git" / "two", {f"x{i}.py": python_text(7000 + i).encode() for i in range(5)}, bare=False)
    (data / "git" / "two" / "x0.py").write_text(python_text(1))
    (data / "git" / "loose.py").write_text("loose = 1\n")
    write_tree(data / "code")
    (data / "image.png").write_bytes(b"\x89PNG")
    (data / "other.jsonl").write_text('{"question": 1}\n')
    monkeypatch.chdir(tmp_path)
    config, said = initial("data", tmp_path, plan=True)
    kinds = {name: source.kind for name, source in config.sources.items()}
    assert kinds == {
        "pile": "pile_jsonl",
        "files-code": "directory",
        "github": "github_parquet",
        "repositories": "git",
        "files-python": "directory",
    }
    left = "\n".join(line for line in said if "not taken" in line)
    assert '"other.jsonl": keys "question"' in left and "1 .png" in left and '"git/loose.py"' in left
    build_snapshot(config, "snapshots/data", workers=1)
    assert kept(tmp_path / "snapshots" / "data") == {
        ("nl", "pile"): MANY,  # the copy in `more` is an exact duplicate
        ("multi", "files-code"): MANY,
        ("mono", "github"): MANY,
        ("mono", "repositories"): MANY + 5,
        ("mono", "files-python"): MANY,
    }
    check_plan(str(tmp_path / "plan.yaml"))  # holds the plan against its snapshot


HOSTILE = ["a: b", "*[!x]?", "q\"uo'te", "new\nline", "# {comment}", "{{ 1 }}", "-", "2024-01-01", "ünï \U0001d518"]


def hostile_folder(data: Path) -> None:
    name = data.name
    write_pile(data / name, subset=f"{name}: \n#filters: 1")
    write_github(data / f"b{name}", ".parquet")
    write_repository(data / f"c{name}" / f"{name}.git")
    write_tree(data / f"d{name}")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_places(name: str, tmp_path: Path) -> None:
    hostile_folder(tmp_path / name)
    config, said = initial(tmp_path / name, tmp_path, plan=True)
    assert all(line.isprintable() for line in said)
    read = {}
    for source, given in config.sources.items():
        assert not isinstance(given, BigQuerySource)
        read[source] = {file.uri for unit in plan_source(source, given) for file in unit.files}
    code = {f"{tmp_path}/{name}/d{name}/{folder}" for folder in ("first", "second")}
    assert read.pop("pile") == {f"{tmp_path}/{name}/{name}/00.jsonl"}
    assert read.pop("github") == {f"{tmp_path}/{name}/b{name}/export-000.parquet"}
    assert read.pop("repositories") == {f"{tmp_path}/{name}/c{name}/{name}.git"}
    assert [{uri.rpartition("/")[0] for uri in each} for each in read.values()] == [code, code]
    for _, text in options((tmp_path / "corpus.yaml").read_text(encoding="utf-8")):
        (tmp_path / "changed.yaml").write_text(text, encoding="utf-8")
        load_config(str(tmp_path / "changed.yaml"))


@pytest.mark.slow
def test_a_folder_with_a_hostile_name_can_be_built(tmp_path: Path) -> None:
    hostile_folder(tmp_path / '*: [!x]\n?"')
    config, _ = initial(tmp_path / '*: [!x]\n?"', tmp_path)
    build_snapshot(config, str(tmp_path / "snapshot"), workers=1)
    assert sum(kept(tmp_path / "snapshot").values()) == MANY * 5


def test_every_option_is_valid_when_it_is_put_to_use(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_pile(data / "pile")
    write_github(data / "github", ".parquet")
    write_repository(data / "git" / "a.git")
    write_tree(data / "code", prose=True)
    before, _ = initial(data, tmp_path, plan=True)
    count = 0
    for place, text in options((tmp_path / "corpus.yaml").read_text()):
        (tmp_path / "changed.yaml").write_text(text)
        after = load_config(str(tmp_path / "changed.yaml"))
        default = any(word in place for word in ("max_document_bytes", "packing", "order", "shard_bytes", "revision"))
        assert default or after != before or "weights" in place, place
        count += 1
    for _, text in options((tmp_path / "plan.yaml").read_text()):
        (tmp_path / "changed.yaml").write_text(text)
        load_plan(str(tmp_path / "changed.yaml"))
        count += 1
    assert count > 40


def test_every_rule_set_is_named_in_the_config_of_some_folder(tmp_path: Path) -> None:
    write_tree(tmp_path / "data", prose=True)
    initial(tmp_path / "data", tmp_path)
    text = (tmp_path / "corpus.yaml").read_text()
    assert [name for name in rule_set_names() if f"filters: {name}\n" not in text] == []


def test_nothing_is_replaced_without_being_told(tmp_path: Path) -> None:
    write_tree(tmp_path / "data")
    (tmp_path / "plan.yaml").write_text("mine")
    with pytest.raises(CodemillError, match=r"plan.yaml: is there already; .*--force"):
        initial(tmp_path / "data", tmp_path, plan=True)
    assert not (tmp_path / "corpus.yaml").exists()
    (tmp_path / "corpus.yaml").write_text("mine")
    write_initial(str(tmp_path / "data"), str(tmp_path / "corpus.yaml"), None, force=True, say=lambda line: None)
    assert load_config(str(tmp_path / "corpus.yaml")).name == "data"
    assert (tmp_path / "plan.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "no such file or directory"),
        (lambda folder: folder.mkdir(), "it is empty"),
        (lambda folder: folder.write_text("x"), "a part of the path is a file"),
        (lambda folder: (folder.mkdir(), (folder / "a.bin").write_bytes(b"x")), "init looks for JSON Lines"),
        (lambda folder: (folder.mkdir(), (folder / "a.json").write_text("{}")), "nothing in it is known"),
        (lambda folder: write_repository(folder / "a.git", {}), "nothing in it is known"),
    ],
    ids=["missing", "empty", "file", "unknown", "settings", "no commit"],
)
def test_what_cannot_be_used_is_told(make: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    make(tmp_path / "data")
    with pytest.raises((CodemillError, StorageError), match=message):
        initial(tmp_path / "data", tmp_path)
    assert not (tmp_path / "corpus.yaml").exists()


def test_a_kind_that_no_stage_takes_is_told(tmp_path: Path) -> None:
    write_github(tmp_path / "data", ".parquet")
    (tmp_path / "data" / "settings.toml").write_text("a = 1\n")
    config, said = initial(tmp_path / "data", tmp_path)
    assert list(config.sources) == ["github"]
    assert any("not taken: files of code and text, 1 file: toml" in line for line in said)


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"d\xe9")
    write_tree(folder)
    with pytest.raises(CodemillError, match="not UTF-8"):
        initial(folder, tmp_path)


def test_the_same_folder_gives_the_same_text(tmp_path: Path) -> None:
    write_tree(tmp_path / "data", prose=True)
    write_pile(tmp_path / "data" / "pile")
    texts = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        initial(tmp_path / "data", tmp_path / name, plan=True)
        texts.add((tmp_path / name / "corpus.yaml").read_text().replace(f"/{name}/", "/"))
    assert len(texts) == 1


@pytest.mark.slow
def test_a_chinese_corpus_gets_a_vocabulary_for_its_characters(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    signs = [chr(0x4E00 + i) for i in range(2000)]
    lines = [json.dumps({"text": "".join(signs[i:] + signs[:i])}) for i in range(0, 2000, 50)]
    (tmp_path / "data" / "a.jsonl").write_text("\n".join(lines) + "\n")
    config, _ = initial(tmp_path / "data", tmp_path)
    assert config.tokenizer.model_dump()["vocabulary_size"] > 2000
    build_snapshot(config, str(tmp_path / "snapshot"), workers=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_folder_on_gs(tmp_path: Path) -> None:
    local = tmp_path / "data"
    write_pile(local / "pile")
    write_github(local / "github", ".parquet")
    write_tree(local / "code")
    with storage_environment() as bucket:
        for entry in list_files(str(local)):
            write_atomic(join(bucket, "data", entry.relative), read_bytes(str(local / entry.relative)))
        write_initial(f"{bucket}/data", f"{bucket}/corpus.yaml", None, force=False, say=lambda line: None)
        config = load_config(f"{bucket}/corpus.yaml")
        assert config.sources["pile"].model_dump()["paths"] == ("gs://bucket/data/pile/*.jsonl",)
        build_snapshot(config, str(tmp_path / "snapshot"), workers=1)
        with pytest.raises(CodemillError, match="no object lies below it"):
            write_initial(f"{bucket}/nothing", str(tmp_path / "c.yaml"), None, force=False, say=lambda line: None)
    assert sum(kept(tmp_path / "snapshot").values()) == MANY * 4
