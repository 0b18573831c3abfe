"""`codemill chat`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.sample import Checkpoint, Model, Seed, Temperature, TopP


def chat(
    model: Model,
    checkpoint: Checkpoint = None,
    tokens: Annotated[
        int | None,
        typer.Option(
            help="New tokens of a turn, at most.  [default: 256, or half of a smaller context]",
            min=1,
            show_default=False,
        ),
    ] = None,
    temperature: Temperature = 0.2,
    top_p: TopP = 0.95,
    seed: Seed = 42,
) -> None:
    """Write a program in turns with a model.

    Say what is wanted, line by line, and the model writes the code. Lines may come from standard
    input too. /help lists what else can be said.

    Example: codemill chat runs/codegen-350m
    """
    import signal
    import sys

    from codemill.chat import chat as talk
    from codemill.screen.terminal import typed_lines
    from evaluation.sampling.model import load_model
    from evaluation.sampling.sampler import Sampler
    from evaluation.sampling.settings import Settings

    loaded = load_model(model, checkpoint)
    settings = Settings(tokens or min(256, loaded.config.context_length // 2), temperature, top_p, seed=seed)
    sampler = Sampler(loaded)
    # Ctrl-C stops the model only; SIGTERM, which elsewhere does the same as Ctrl-C, ends the session.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.stdin.isatty():
        typer.echo(f"{model}: say what the program should do, line by line; /help for more")
        talk(sampler, settings, typed_lines("> "))
    else:
        talk(sampler, settings, sys.stdin)
