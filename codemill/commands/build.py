"""`codemill build`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import directories
from codemill.commands.options import Against, Config, Workers


def build(
    config: Config,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Snapshot directory, local or gs://.",
            show_default=False,
            autocompletion=directories,
        ),
    ] = None,
    workers: Workers = None,
    work: Annotated[
        str | None,
        typer.Option(
            help="Directory of intermediate datasets.  [default: OUTPUT.work]",
            show_default=False,
            autocompletion=directories,
        ),
    ] = None,
    against: Against = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be read, and what BigQuery would charge for it.")
    ] = False,
    beam_options: Annotated[
        list[str] | None, typer.Argument(help="Beam options, after `--`; with --runner they replace local workers.")
    ] = None,
) -> None:
    """Build a snapshot: from text and code to training shards.

    Five passes: harvest (read, filter), deduplicate, tokenise, shard, publish. Run again after a crash or a change, it
    redoes only what is missing.

    Example: codemill build examples/codegen.yaml --output snapshots/codegen
    """
    from codemill.building.build import build_snapshot
    from codemill.building.dry_run import print_dry_run
    from schemas.config import load_config
    from schemas.errors import CodemillError

    if beam_options and not beam_options[0].startswith("-"):
        raise CodemillError(
            f"build: unexpected argument {beam_options[0]!r}", "name one CONFIG; Beam's options begin with --"
        )
    if dry_run:
        print_dry_run(load_config(config))
        return
    if output is None:
        raise CodemillError("build: missing option --output", "name the directory for the snapshot, --output DIRECTORY")
    build_snapshot(
        load_config(config),
        output,
        workers=workers,
        work=work,
        against=tuple(against or ()),
        beam_options=tuple(beam_options or ()),
    )
