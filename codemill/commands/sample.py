"""`codemill sample`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from codemill.commands.completion import checkpoints, runs

Model = Annotated[
    str,
    typer.Argument(
        help="Run directory, local or gs://, or a local directory with a Hugging Face CodeGen.",
        metavar="MODEL",
        autocompletion=runs,
    ),
]
Checkpoint = Annotated[
    int | None,
    typer.Option(
        help="Step of a run's checkpoint.  [default: the newest]", show_default=False, autocompletion=checkpoints
    ),
]
Temperature = Annotated[float, typer.Option(help="How freely tokens are drawn; 0 always takes the likeliest.", min=0)]
TopP = Annotated[float, typer.Option(help="Draw among the likeliest tokens that reach this share, above 0 up to 1.")]
Seed = Annotated[int, typer.Option(help="The same seed draws the same tokens.", min=0)]


def sample(
    model: Model,
    prompt: Annotated[str | None, typer.Option(help="The text to continue.", show_default=False)] = None,
    file: Annotated[str | None, typer.Option(help="A file to continue, local or gs://.", show_default=False)] = None,
    checkpoint: Checkpoint = None,
    tokens: Annotated[int, typer.Option(help="New tokens, at most.", min=1)] = 128,
    temperature: Temperature = 0.2,
    top_p: TopP = 0.95,
    seed: Seed = 42,
    samples: Annotated[int, typer.Option(help="How many continuations.", min=1)] = 1,
    stop: Annotated[
        list[str] | None,
        typer.Option(help="End before this text, in which \\n and \\t may stand; repeatable.", show_default=False),
    ] = None,
) -> None:
    r"""Continue a text with a model.

    Each continuation is printed after the prompt. On a terminal it appears as it is written.

    Example: codemill sample runs/codegen-350m --prompt "def fibonacci(n):" --stop "\ndef"
    """
    import sys
    from itertools import chain

    from codemill.screen.terminal import printable
    from evaluation.sampling.model import load_model
    from evaluation.sampling.sampler import Sampler
    from evaluation.sampling.settings import Settings
    from evaluation.sampling.stops import at_patterns
    from schemas.errors import CodemillError
    from storage.files import read_bytes

    if (prompt is None) == (file is None):
        raise CodemillError("there must be one text to continue", "give --prompt TEXT or --file FILE")
    text = read_bytes(file).decode("utf-8", "replace") if file is not None else prompt or ""
    settings = Settings(tokens, temperature, top_p, seed=seed)
    stops = at_patterns(*(pattern.replace("\\n", "\n").replace("\\t", "\t") for pattern in stop or () if pattern))
    sampler = Sampler(load_model(model, checkpoint))
    continuations: Iterable[Iterable[str]]
    if sys.stdout.isatty():
        continuations = (map(printable, sampler.stream(text, settings, number, stops)) for number in range(samples))
    else:
        continuations = ([done.text] for done in sampler.sample([text], settings, samples, stops)[0])
    for number, pieces in enumerate(continuations, 1):
        if samples > 1:
            typer.echo(f"--- {number} of {samples} ---")
        for piece in chain([text], pieces, ["\n"]):
            typer.echo(piece, nl=False)
            sys.stdout.flush()
