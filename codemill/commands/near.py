"""`codemill near`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.options import Snapshot


def near(
    snapshot: Snapshot,
    file: Annotated[str, typer.Argument(help="The text to compare with, local or gs://.", metavar="FILE")],
    limit: Annotated[int, typer.Option(help="Documents shown at most.", min=1)] = 10,
) -> None:
    """List the documents of a snapshot that are most like a file.

    Similarity is the share of common runs of five words (Jaccard), computed on the whole texts. Of documents at 0.8 the
    index finds 99.7 %, at 0.7 85 %, at 0.5 12 %.

    Example: codemill near snapshots/demo numpy/linalg/_linalg.py
    """
    from rich.table import Table

    from codemill.near import near as neighbours
    from codemill.screen.progress import make_console
    from schemas.manifest import load_manifest
    from storage.files import read_bytes

    answer = neighbours(snapshot, load_manifest(snapshot), read_bytes(file), limit)
    console = make_console()
    if answer.neighbours:
        table = Table(box=None, pad_edge=False)
        for name in ("jaccard", "of the file", "of the document"):
            table.add_column(name, justify="right")
        table.add_column("document")
        for found in answer.neighbours:
            shares = (found.jaccard, found.of_text, found.of_document)
            table.add_row(*(f"{share:.4f}" for share in shares), found.name)
        console.print(table, markup=False)
    else:
        console.print("no document is like it")
    console.print(
        f"{answer.candidates:,} candidates, {answer.compared:,} compared on all their shingles", highlight=False
    )
