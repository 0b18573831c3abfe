"""`codemill report`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import directories, snapshots_and_runs


def report(
    directory: Annotated[
        str,
        typer.Argument(
            help="Snapshot or training run, local or gs://.", metavar="SNAPSHOT|RUN", autocompletion=snapshots_and_runs
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Directory of the pages.  [default: the same]",
            show_default=False,
            autocompletion=directories,
        ),
    ] = None,
) -> None:
    """Show a snapshot or a run, and write a page about it.

    That is report.html; a snapshot also gets its data card, a Croissant description and a list for attribution. Of a
    snapshot it shows what was read, kept and dropped and why, its signals, duplicates, mixture, tokens and shards; of a
    run its losses, data and checkpoints. Pages fetch nothing and can be sent to anyone.

    Example: codemill report snapshots/codegen
    """
    from codemill.report.mixture import mixture, print_mixture
    from codemill.report.summary import print_summary
    from codemill.report.write import write_run_page, write_snapshot_pages
    from codemill.screen.progress import make_console
    from schemas.manifest import PLAN_NAME, load_manifest
    from storage.files import exists, join

    console = make_console()
    if exists(join(directory, PLAN_NAME)):
        written = [write_run_page(directory, output or directory)]
    else:
        manifest = load_manifest(directory)
        print_summary(console, manifest, directory)
        print_mixture(console, mixture(directory, manifest))
        written = write_snapshot_pages(directory, manifest, output or directory)
    for path in written:
        console.print(f"written: {path}", highlight=False, markup=False, soft_wrap=True)
