"""BigQuery sources, against an emulator that speaks BigQuery's API and runs the SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.cloud import bigquery
from typer.testing import CliRunner

from codemill.cli import app
from pipelines.bigquery.fetch import check_scan, fetch
from pipelines.bigquery.scan import Scan, scan
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from pipelines.workspace import Workspace
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.manifest import load_manifest
from schemas.sources import BigQuerySource, GithubSource
from tests.corpus import python_text
from tests.pipelines.bigquery_server import bigquery_server, find_python
from tests.pipelines.sources.reading import read_all
from tests.pipelines.test_build import Passes
from tests.storage.server import at_address, batching_server

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("ignore::ResourceWarning")]

ROWS = 40
LINK = 0o120000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[bigquery.Client]:
    if find_python() is None:
        pytest.skip("the BigQuery emulator needs a python3.13")
    kept = pytestconfig.cache.mkdir("local-bigquery")
    data = tmp_path_factory.mktemp("bigquery") / "data"
    data.mkdir()
    with batching_server() as storage, at_address(storage), bigquery_server(kept, data, storage) as made:
        _write_tables(made)
        yield made


def _write_tables(client: bigquery.Client) -> None:
    client.create_dataset("github_repos")
    files: list[tuple[str, str, str, int, str]] = []
    contents: list[tuple[str, int, str | None, bool, int]] = []
    for i in range(ROWS):
        text = python_text(i)
        contents.append((f"blob{i:02d}", len(text), text, False, 3))
        for repository in ("zeta/last", "alpha/first", "gpl/only"):
            files.append((repository, "refs/heads/main", f"src/m{i}.py", 0o100644, f"blob{i:02d}"))
    others: list[tuple[str, int, str | None, bool]] = [
        ("a/link.py", LINK, "target.py", False),
        ("a/tool.exe.py", 0o100644, None, True),
        ("a/empty.py", 0o100644, "", False),
        ("a/main.C", 0o100644, "int main();", False),
        ("a/SConstruct", 0o100755, "env = Environment()  # ünïcode\n" * 30, False),
        ("a/notes.txt", 0o100644, "notes", False),
    ]
    for number, (path, mode, content, binary) in enumerate(others):
        identity = f"other{number}"
        files.append(("alpha/first", "refs/heads/main", path, mode, identity))
        contents.append((identity, len((content or "").encode()), content, binary, 1))
    licenses = [("zeta/last", "MIT"), ("alpha/first", "apache-2.0"), ("gpl/only", "gpl-3.0")]
    for name, schema, rows in (
        ("files", "repo_name string, ref string, path string, mode int64, id string", files),
        ("contents", "id string, size int64, content string, `binary` bool, copies int64", contents),
        ("licenses", "repo_name string, license string", licenses),
    ):
        client.query(f"CREATE TABLE github_repos.{name} ({schema})").result()
        columns = [part.split()[0].strip("`") for part in schema.split(", ")]
        objects = [dict(zip(columns, row, strict=True)) for row in rows]
        assert client.insert_rows_json(f"public.github_repos.{name}", objects) == []


def source(**options: Any) -> dict[str, Any]:
    given = {
        "kind": "bigquery",
        "project": "public",
        "temporary": "gs://bucket/tmp",
        "dataset": "public.github_repos",
        "languages": ["python"],
        "files": 3,
    }
    return given | options


def config(**options: Any) -> BuildConfig:
    return BuildConfig.model_validate(
        {
            "name": "queried",
            "sources": {"github": source(**options)},
            "stages": {"mono": {"sources": ["github"]}},
            "tokenizer": {"kind": "sentencepiece", "vocabulary_size": 480, "sample_bytes": 60_000},
            "shards": {"context_length": 32, "hosts": 1, "shard_bytes": 20_000, "validation_share": 0.1},
        }
    )


def fetched(work: Path, **options: Any) -> GithubSource:
    found = fetch(config(**options), Workspace(str(work)), Runner(1, Silence()))["github"]
    assert isinstance(found, GithubSource)
    return found


def table_of(found: GithubSource) -> pa.Table:
    (pattern,) = found.paths
    return pa.concat_tables(pq.read_table(path) for path in sorted(Path(pattern).parent.glob("*.parquet")))


def test_one_path_per_blob_by_a_total_order(client: bigquery.Client, tmp_path: Path) -> None:
    rows = table_of(fetched(tmp_path)).to_pylist()
    assert len(rows) == ROWS + 1
    assert {row["repo_name"] for row in rows} == {"alpha/first"}
    assert {row["path"] for row in rows} == {"a/SConstruct", *(f"src/m{i}.py" for i in range(ROWS))}
    assert {row["license"] for row in rows} == {"apache-2.0"}
    by_path = {row["path"]: row for row in rows}
    assert by_path["src/m7.py"]["content"] == python_text(7).encode()
    assert by_path["src/m7.py"]["copies"] == 3
    assert by_path["a/SConstruct"]["content"].decode().startswith("env = Environment()  # ünïcode")
    mit = table_of(fetched(tmp_path, licenses=["mit"])).to_pylist()
    assert {row["repo_name"] for row in mit} == {"zeta/last"} and len(mit) == ROWS
    cpp = table_of(fetched(tmp_path, languages=["cpp"])).to_pylist()
    assert [row["path"] for row in cpp] == ["a/main.C"]


def test_both_methods_give_the_same_bytes(client: bigquery.Client, tmp_path: Path) -> None:
    one, other = fetched(tmp_path / "a"), fetched(tmp_path / "b", method="direct_read")
    files = [sorted(Path(found.paths[0]).parent.glob("*.parquet")) for found in (one, other)]
    assert [path.name for path in files[0]] == [path.name for path in files[1]]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def test_nothing_is_fetched_twice(client: bigquery.Client, tmp_path: Path) -> None:
    runner = Runner(1, progress := Passes())
    for _ in range(2):
        fetch(config(), Workspace(str(tmp_path)), runner)
    assert progress.ran == ["fetch github"]


def test_a_query_of_ones_own(client: bigquery.Client, tmp_path: Path) -> None:
    query = "SELECT 'mine' AS repo_name, path, id AS content FROM `public.github_repos.files` WHERE path LIKE '%/m3.py'"
    found = read_all(fetched(tmp_path, query=query))
    assert [(row["repository"], row["path"], row["text"]) for row in found.documents] == [
        ("mine", "src/m3.py", b"blob03")
    ] * 3
    with pytest.raises(CodemillError, match="gives no column content; select it under that name"):
        fetched(tmp_path, query="SELECT path FROM `public.github_repos.files`")
    with pytest.raises(CodemillError, match="the query has no rows; check `languages`"):
        fetched(tmp_path, query=f"{query} AND FALSE")
    with pytest.raises(CodemillError, match=r"source 'github': BigQuery refuses the query: .*; check `query`"):
        fetched(tmp_path, query="SELEC path")


def test_the_dry_run_tells_tables_and_versions(client: bigquery.Client) -> None:
    found = scan("github", BigQuerySource.model_validate(source()))
    assert [name for name, _ in found.tables] == [f"public.github_repos.{n}" for n in ("contents", "files", "licenses")]
    assert all(changed.startswith("20") and changed.endswith("Z") for _, changed in found.tables)
    with pytest.raises(CodemillError, match=r"source 'github': .*nowhere"):
        scan("github", BigQuerySource.model_validate(source(dataset="public.nowhere")))


def test_a_changed_table_is_fetched_again(client: bigquery.Client, tmp_path: Path) -> None:
    client.query("CREATE OR REPLACE TABLE github_repos.mine AS SELECT 'a.py' AS path, 'one' AS content").result()
    query = "SELECT path, content FROM `public.github_repos.mine`"
    assert read_all(fetched(tmp_path, query=query)).texts == [b"one"]
    client.query("CREATE OR REPLACE TABLE github_repos.mine AS SELECT 'a.py' AS path, 'two' AS content").result()
    assert read_all(fetched(tmp_path, query=query)).texts == [b"two"]


def test_a_build_from_a_query(client: bigquery.Client, tmp_path: Path) -> None:
    build(config(), str(tmp_path / "snapshot"), Runner(1, Silence()))
    (row,) = load_manifest(str(tmp_path / "snapshot")).ledger.sources
    assert row.read.documents == ROWS + 1


def test_the_command_prints_bytes_and_price(
    client: bigquery.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text(config().model_dump_json())
    said = CliRunner().invoke(app, ["build", str(tmp_path / "config.yaml"), "--dry-run"])
    assert said.exit_code == 0
    assert "public.github_repos.contents, last changed 20" in said.output
    assert "$0.00" in said.output  # the emulator counts no bytes


def test_the_price_and_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Scan(2**40, (), ()).dollars == 6.25
    monkeypatch.setattr("pipelines.bigquery.fetch.scan", lambda name, config: Scan(3 * 2**40, (), ("path", "content")))
    limited = BigQuerySource.model_validate(source(max_scanned_bytes=10**12))
    with pytest.raises(CodemillError, match=r"would read 3298534883328 bytes \(\$18.75\); max_scanned_bytes is 10000"):
        check_scan("github", limited)
