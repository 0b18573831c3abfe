"""Fetch: run each BigQuery source's query once; its rows become sorted Parquet files that the harvest reads.

Which worker gets which rows, and in what order, is BigQuery's affair: a row's file is told by a hash of its name, and
in a file rows are sorted. The dataset is named by the query and the versions of its tables: while they stay, nothing
is fetched again.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.gcp.bigquery import ReadFromBigQuery
from apache_beam.transforms.combiners import Count

from pipelines.bigquery.github_sql import github_query
from pipelines.bigquery.scan import Scan, scan
from pipelines.code_version import code_hash
from pipelines.jobs.progress import Done, Tally
from pipelines.jobs.runner import Runner
from pipelines.sources.github_rows import NEEDED
from pipelines.tables import write_table
from pipelines.workspace import Dataset, Workspace, read_json, write_json
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.sources import BigQuerySource, FileSourceConfig, GithubSource

_SCHEMA = pa.schema(
    [
        ("repo_name", pa.string()),
        ("path", pa.string()),
        ("ref", pa.string()),
        ("license", pa.string()),
        ("copies", pa.int64()),
        ("stars", pa.int64()),
        ("content", pa.large_binary()),
    ]
)


def fetch(config: BuildConfig, workspace: Workspace, runner: Runner) -> dict[str, FileSourceConfig]:
    """The sources by name, each BigQuery source replaced by one that reads what was fetched.

    Raises:
        CodemillError: BigQuery refuses, the query reads more than `max_scanned_bytes`, or it has no rows.
    """
    return {
        name: _fetched(name, source, workspace, runner) if isinstance(source, BigQuerySource) else source
        for name, source in config.sources.items()
    }


def check_scan(name: str, config: BigQuerySource) -> Scan:
    """BigQuery's dry run.

    Raises:
        CodemillError: BigQuery refuses, a column is missing, or the query reads more than `max_scanned_bytes`.
    """
    found = scan(name, config)
    missing = [column for column in NEEDED if column not in found.columns]
    if missing:
        raise CodemillError(
            f"source {name!r}: the query gives no column {' and '.join(missing)}", "select it under that name"
        )
    if config.max_scanned_bytes is not None and found.bytes > config.max_scanned_bytes:
        raise CodemillError(
            f"source {name!r}: the query would read {found.bytes} bytes (${found.dollars:.2f}); "
            f"max_scanned_bytes is {config.max_scanned_bytes}",
            "raise it, or narrow the query: only fewer columns or smaller tables read less",
        )
    return found


def _fetched(name: str, config: BigQuerySource, workspace: Workspace, runner: Runner) -> GithubSource:
    found = check_scan(name, config)
    code = code_hash("pipelines.bigquery.fetch", "pipelines.tables", "pipelines.bigquery.github_sql")
    dataset = workspace.dataset("fetch", code, name, github_query(config), found.tables, config.files)
    summary = dataset.summary()
    if summary is None:
        _run(name, config, dataset, runner)
        summary = dataset.finish(_summary(name, config, dataset, found))
    return GithubSource(
        kind="github_parquet",
        paths=(dataset.path("rows", "*.parquet"),),
        languages=config.languages,
        filters=config.filters,
        redact=config.redact,
        max_document_bytes=config.max_document_bytes,
    )


def _run(name: str, config: BigQuerySource, dataset: Dataset, runner: Runner) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        rows = pipeline | "Query" >> ReadFromBigQuery(
            query=github_query(config),
            use_standard_sql=True,
            project=config.project,
            gcs_location=config.temporary,
            method=config.method.upper(),
        )
        named = rows | "Name" >> beam.Map(_named, files=config.files)
        named | "File" >> beam.GroupByKey() | "Write" >> beam.ParDo(_WriteFile(dataset, config.files))
        rows | "Count" >> Count.Globally() | "Note" >> beam.Map(_note_count, path=dataset.path("count.json"))

    def amounts(marker: str) -> Done:
        return Done(1, documents=read_json(marker)["rows"])

    with runner.watch(f"fetch {name}", config.files, "files", Tally(dataset.path("written"), amounts)):
        runner.run(build, f"fetch {name}")


def _named(row: dict[str, Any], files: int) -> tuple[int, dict[str, Any]]:
    name = f"{row.get('repo_name') or ''}\0{row['path'] or ''}"
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) % files, {key: row.get(key) for key in _SCHEMA.names}


def _marker(dataset: Dataset, number: int) -> str:
    return dataset.path("written", f"{number:05d}.json")


def _note_count(count: int, path: str) -> None:
    write_json(path, {"rows": count})


class _WriteFile(beam.DoFn):
    """(file number, its rows) -> a Parquet file and its marker; emits nothing."""

    def __init__(self, dataset: Dataset, files: int) -> None:
        self._dataset = dataset
        self._files = files

    def process(self, element: tuple[int, Iterable[dict[str, Any]]]) -> Iterator[None]:
        number, rows = element
        table = _sorted_table(rows)
        write_table(self._dataset.path("rows", f"{number:05d}-of-{self._files:05d}.parquet"), table)
        write_json(_marker(self._dataset, number), {"rows": table.num_rows})
        yield from ()


def _sorted_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Rows as `_SCHEMA`, ordered by every column: whatever order they came in, the same bytes."""
    columns: dict[str, list[Any]] = {name: [] for name in _SCHEMA.names}
    keys: list[tuple[Any, ...]] = []
    for row in rows:
        content = row["content"]
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(content).digest() if content is not None else b""
        for column, values in columns.items():
            values.append(content if column == "content" else _value(row[column], _SCHEMA.field(column).type))
        named = [columns[name][-1] for name in _SCHEMA.names[:-1]]
        keys.append((*((value is not None, str(value)) for value in named), digest))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    table = pa.table(columns, schema=_SCHEMA)
    return table.take(pa.array(order, pa.int64())).combine_chunks()


def _value(value: Any, type_: pa.DataType) -> Any:
    if value is None:
        return None
    if type_ == pa.int64():
        return int(value) if isinstance(value, int) or str(value).strip().isdecimal() else None
    return str(value)


def _summary(name: str, config: BigQuerySource, dataset: Dataset, found: Scan) -> dict[str, Any]:
    """Count what was written against what was read.

    Raises:
        CodemillError: a row is missing, or there is none.
    """
    noted = read_json(dataset.path("count.json"))
    counted = noted["rows"] if noted is not None else 0
    markers = [read_json(_marker(dataset, number)) for number in range(config.files)]
    written = sum(marker["rows"] for marker in markers if marker is not None)
    if counted != written:
        raise CodemillError(f"source {name!r}: {counted} rows came and {written} were written", "run the build again")
    if written == 0:
        raise CodemillError(f"source {name!r}: the query has no rows", "check `languages`, `licenses` and `query`")
    return {"rows": written, "scanned_bytes": found.bytes, "tables": [list(table) for table in found.tables]}
