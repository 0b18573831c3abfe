from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codemill.doctor import corpus
from codemill.doctor.finding import Finding, Status
from pipelines.bigquery.scan import Scan
from schemas.config import BuildConfig
from tests.codemill.initial.folders import write_github, write_pile, write_repository, write_tree


def config(tokenizer: dict[str, Any] | None = None, **sources: dict[str, Any]) -> BuildConfig:
    return BuildConfig.model_validate(
        {
            "name": "small",
            "sources": sources,
            "stages": {"all": {"sources": list(sources)}},
            **({"tokenizer": tokenizer} if tokenizer else {}),
        }
    )


def look(build: BuildConfig) -> tuple[list[Finding], dict[str, int | None]]:
    sizes: dict[str, int | None] = {}
    return list(corpus.sources(build, sizes)), sizes


def test_sources_are_counted(tmp_path: Path) -> None:
    write_pile(tmp_path / "pile")
    write_github(tmp_path / "github", ".parquet")
    write_repository(tmp_path / "git" / "a.git")
    write_tree(tmp_path / "tree")
    found, sizes = look(
        config(
            pile={"kind": "pile_jsonl", "paths": [f"{tmp_path}/pile/*.jsonl"]},
            github={"kind": "github_parquet", "paths": [f"{tmp_path}/github/*"], "languages": ["python"]},
            git={"kind": "git", "paths": [f"{tmp_path}/git/*"], "languages": ["python"]},
            tree={"kind": "directory", "paths": [f"{tmp_path}/tree"], "languages": ["go"]},
        )
    )
    assert {each.status for each in found} == {Status.OK}
    pile, github, git, tree = (each.what for each in found)
    assert pile.startswith("1 file, ") and github.startswith("1 file, ")
    assert git == "1 repository, 40 files" and tree.startswith("40 of 80 files")
    assert sizes["git"] is None
    assert sizes["pile"] == (tmp_path / "pile" / "00.jsonl").stat().st_size
    assert sizes["github"] == 3 * (tmp_path / "github" / "export-000.parquet").stat().st_size


def test_faults_of_sources(tmp_path: Path) -> None:
    write_repository(tmp_path / "git" / "a.git", {})
    write_tree(tmp_path / "tree")
    found, _ = look(
        config(
            gone={"kind": "pile_jsonl", "paths": [f"{tmp_path}/none/*.jsonl"]},
            rules={"kind": "directory", "paths": [f"{tmp_path}/tree"], "languages": ["go"], "filters": "unheard-of"},
            git={"kind": "git", "paths": [f"{tmp_path}/git/*"], "languages": ["python"]},
            tree={"kind": "directory", "paths": [f"{tmp_path}/tree"], "languages": ["rust"]},
        )
    )
    assert [each.status for each in found] == [Status.BROKEN, Status.BROKEN, Status.WARNING, Status.WARNING]
    assert "matches no file" in found[0].what and "unheard-of" in found[1].what
    assert "no readable commit 'HEAD'" in found[2].what and found[3].what.startswith("0 of 80 files")
    assert all(each.remedy for each in found)


def test_files_of_a_tokenizer(tmp_path: Path) -> None:
    write_tree(tmp_path)
    tree = {"kind": "directory", "paths": [str(tmp_path)], "languages": ["go"]}
    (tmp_path / "vocab.json").write_text("{}")
    given = {"kind": "codegen", "vocabulary": f"{tmp_path}/vocab.json", "merges": f"{tmp_path}/merges.txt"}
    found, _ = look(config(given, tree=tree))
    assert [each.status for each in found] == [Status.OK, Status.OK, Status.BROKEN]
    address = {"path": "https://example.org/tokenizer.json", "sha256": "0" * 64}
    found, _ = look(config({"kind": "tokenizer_json", "path": address}, tree=tree))
    assert found[-1].status is Status.OK


def slow(root: str, limit: int) -> Iterator[object]:
    time.sleep(1)
    yield root, limit


def test_a_bucket_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(corpus, "objects_below", slow)
    build = config(pile={"kind": "pile_jsonl", "paths": ["gs://bucket/pile/*.jsonl"]})
    assert corpus.is_far(build)
    (found,), _ = look(build)
    assert found.status is Status.BROKEN and "no answer in 0.05 s" in found.what


def test_names_that_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "LIST_SECONDS", 0.05)
    monkeypatch.setattr(corpus, "objects_below", lambda root, limit: iter(()))
    monkeypatch.setattr(corpus, "plan", lambda name, source: time.sleep(1))
    (found,), _ = look(config(pile={"kind": "pile_jsonl", "paths": ["gs://bucket/pile/*.jsonl"]}))
    assert found.status is Status.WARNING and "--dry-run" in found.remedy


def test_what_bigquery_would_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "check_scan", lambda name, source: Scan(2**40, (), ()))
    source = {"kind": "bigquery", "project": "p", "temporary": "gs://b/tmp", "languages": ["python"]}
    build = config(github=source)
    (found,), sizes = look(build)
    assert corpus.is_far(build) and sizes == {"github": None}
    assert found.status is Status.OK and "$6.25" in found.what
