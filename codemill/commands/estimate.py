"""`codemill estimate`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.options import Config


def estimate(
    config: Config,
    size: Annotated[
        list[str] | None,
        typer.Option(help="Text that a source really has, SOURCE=825GiB; repeatable.", show_default=False),
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(
            help="Files to sample for a source that is not at hand, SOURCE=PATH; repeatable.", show_default=False
        ),
    ] = None,
    kept: Annotated[
        list[str] | None,
        typer.Option(help="Share of a source's text that is kept, where known, SOURCE=4.5%; repeatable."),
    ] = None,
    sample: Annotated[
        str, typer.Option(help="Text to build for the measurements, of all sources together, as in 64MB or 1GiB.")
    ] = "64MB",
    workers: Annotated[int, typer.Option(help="Dataflow workers to tell the time for.", min=1)] = 100,
) -> None:
    """Say what a build will take and cost on Google Dataflow.

    In core-hours, bytes shuffled and stored, and dollars. A sample of the input is built on this machine, in a
    temporary directory, and what each pass took is scaled to the whole. Duplicates across the whole corpus are not seen
    in a sample: --kept says what is left.

    Example: codemill estimate examples/codegen.yaml

    Example: codemill estimate corpus.yaml --like pile=part.jsonl.zst --size pile=825GiB --kept pile=97%
    """
    from codemill.estimate.report import print_estimate
    from codemill.estimate.run import Wanted
    from codemill.estimate.run import estimate as run
    from codemill.estimate.sizes import parse_by_source, parse_share, parse_size
    from codemill.screen.progress import BuildProgress, make_console
    from schemas.config import load_config

    build = load_config(config)
    sources = tuple(build.sources)
    wanted = Wanted(
        samples=parse_by_source("--like", like or (), sources, str),
        sizes=parse_by_source("--size", size or (), sources, parse_size),
        kept=parse_by_source("--kept", kept or (), sources, parse_share),
    )
    console = make_console()
    found = run(build, wanted, parse_size(sample), BuildProgress(console))
    print_estimate(console, build.name, found, workers)
