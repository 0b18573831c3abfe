"""`codemill export-hf`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import checkpoints, directories, runs


def export_hf(
    run: Annotated[str, typer.Argument(help="Run directory, local or gs://.", metavar="RUN", autocompletion=runs)],
    directory: Annotated[
        str,
        typer.Argument(help="Local directory for the model.", metavar="DIRECTORY", autocompletion=directories),
    ],
    checkpoint: Annotated[
        int | None,
        typer.Option(
            help="Step of the checkpoint.  [default: the newest]", show_default=False, autocompletion=checkpoints
        ),
    ] = None,
) -> None:
    """Write a checkpoint as a Hugging Face model (CodeGen).

    Safetensors in float32, config.json, and the tokenizer's files.

    Example: codemill export-hf runs/codegen-350m models/codegen-350m-mono
    """
    from codemill.export_hf import export

    for line in export(run, directory, checkpoint):
        typer.echo(line)
