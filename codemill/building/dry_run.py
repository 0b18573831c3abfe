"""What a build would read, and what that costs, told without building."""

from __future__ import annotations

from rich.table import Table

from codemill.screen.progress import make_console
from pipelines.bigquery.fetch import check_scan
from pipelines.documents.document_table import treatment_of
from pipelines.sources import plan
from schemas.config import BuildConfig
from schemas.sources import BigQuerySource


def print_dry_run(config: BuildConfig) -> None:
    """Check the config and its inputs, and print each source's files and bytes, or its query's bytes and price.

    Raises:
        CodemillError: what would end the build before its first pass.
    """
    console = make_console()
    table = Table(title=f"{config.name}: what a build would read", title_justify="left", box=None, pad_edge=False)
    for name in ("stage", "source", "kind"):
        table.add_column(name)
    for name in ("files", "units", "MB stored", "MB scanned", "on demand"):
        table.add_column(name, justify="right")
    versions: list[str] = []
    for name, source in config.sources.items():
        treatment_of(config, name)
        row = [config.stage_of(name), name, source.kind]
        if isinstance(source, BigQuerySource):
            found = check_scan(name, source)
            row += ["", "", "", _megabytes(found.bytes), f"${found.dollars:,.2f}"]
            versions += [f"{name}: {label}, last changed {changed}" for label, changed in found.tables]
        else:
            units = plan(name, source)
            sizes = {file.uri: file.size for unit in units for file in unit.files}
            row += [f"{len(sizes):,}", f"{len(units):,}", _megabytes(sum(sizes.values())), "", ""]
        table.add_row(*row)
    console.print(table)
    for line in versions:
        console.print(line, highlight=False, markup=False)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f}"
