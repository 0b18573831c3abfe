"""The `codemill` command: one subcommand per verb, errors in one line with their remedy, exit status 0, 1 or 2."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from codemill.commands.build import build
from codemill.commands.chat import chat
from codemill.commands.demo import demo
from codemill.commands.diff import diff
from codemill.commands.doctor import doctor
from codemill.commands.estimate import estimate
from codemill.commands.evaluate import app as evaluate
from codemill.commands.explain import explain
from codemill.commands.export_hf import export_hf
from codemill.commands.init import init
from codemill.commands.launch import launch
from codemill.commands.lineage import lineage
from codemill.commands.near import near
from codemill.commands.plan import plan
from codemill.commands.report import report
from codemill.commands.run import run
from codemill.commands.sample import sample
from codemill.commands.train import train
from codemill.commands.verify import verify
from codemill.commands.whatif import whatif
from codemill.screen.failure import INTERRUPTED, tell_failure, tell_fault
from pipelines.jobs.interruption import heed_signals

app = typer.Typer(
    name="codemill",
    help="Turn raw text and source code into training shards, and training shards into a code language model.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    demo,
    init,
    doctor,
    build,
    estimate,
    verify,
    explain,
    report,
    diff,
    near,
    whatif,
    plan,
    train,
    launch,
    run,
    lineage,
    export_hf,
    sample,
    chat,
):
    app.command()(command)
app.add_typer(evaluate, name="evaluate")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"codemill {version('codemill')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an error becomes one line and its remedy, never a traceback."""
    # SIGTERM, as a scheduler or a shutdown sends it, ends a command as Ctrl-C does: with its work put in order.
    heed_signals()
    # Each try of a request that fails would be told in a line of its own, with the whole address.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        status = app(prog_name="codemill", standalone_mode=False)
        if status == INTERRUPTED:  # Typer makes this of a KeyboardInterrupt, without a word
            tell_failure(KeyboardInterrupt())
    except SystemExit:
        raise
    except BaseException as error:
        told = tell_failure(error)
        status = tell_fault(error) if told is None else told
    sys.exit(status)


if __name__ == "__main__":
    main()
