"""`codemill evaluate`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from codemill.commands.completion import checkpoints, directories, runs
from codemill.commands.options import Workers
from schemas.errors import CodemillError

app = typer.Typer(help="Score a model's programs: HumanEval, MTPB, each stage.", no_args_is_help=True)

Model = Annotated[
    str | None,
    typer.Option(
        help="Run directory, local or gs://, or a directory with a Hugging Face CodeGen.",
        show_default=False,
        autocompletion=runs,
    ),
]
Checkpoint = Annotated[
    int | None,
    typer.Option(
        help="Step of a run's checkpoint.  [default: the newest]", show_default=False, autocompletion=checkpoints
    ),
]
Data = Annotated[
    str | None,
    typer.Option(help="Problems: a path or an address.  [default: the public file's address]", show_default=False),
]
Completions = Annotated[
    str | None, typer.Option(help="Score the completions of this file instead of a model's.", show_default=False)
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="Where completions and results go.  [default: beside the model or the completions]",
        show_default=False,
        autocompletion=directories,
    ),
]
Temperature = Annotated[
    str, typer.Option(help="How freely tokens are drawn: one number, or several with commas between.")
]
TopP = Annotated[float, typer.Option(help="Draw among the likeliest tokens that reach this share, above 0 up to 1.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed draws the same tokens.")]
Batch = Annotated[int, typer.Option(min=1, help="Completions that are drawn at once.")]
Tokens = Annotated[int, typer.Option(min=1, help="The most new tokens of a completion.")]
SingleTurn = Annotated[bool, typer.Option("--single-turn", help="All prompts of a problem at once, as one.")]
StrictFixed = Annotated[
    bool, typer.Option("--strict-fixed", help="Tell the verdicts of a comparator without the published one's defects.")
]


class Benchmark(StrEnum):
    """What stages are compared on."""

    HUMANEVAL = "humaneval"
    MTPB = "mtpb"


_ONE_OF = ("there must be one thing to score", "give either --model or --completions")


@app.command()
def humaneval(
    model: Model = None,
    data: Data = None,
    samples: Annotated[int, typer.Option(min=1, help="Completions of each problem.")] = 200,
    temperature: Temperature = "0.2,0.6,0.8",
    output: Output = None,
    top_p: TopP = 0.95,
    tokens: Tokens = 512,
    completions: Completions = None,
    checkpoint: Checkpoint = None,
    seed: Seed = 42,
    batch: Batch = 16,
    workers: Workers = None,
) -> None:
    """Score on HumanEval: pass@1, 10 and 100; run again, it goes on.

    pass@k is the share of problems that one of k samples solves; it is told for each k up to --samples.
    --completions takes OpenAI's samples.jsonl: {"task_id": ..., "completion": ...} a line.

    Example: codemill evaluate humaneval --model runs/codegen-350m --data HumanEval.jsonl.gz
    """
    from codemill.evaluate.draws import Draws, Target, parse_temperatures
    from codemill.evaluate.humaneval import evaluate_completions, evaluate_model
    from codemill.evaluate.tables import print_humaneval
    from codemill.screen.progress import make_console

    console = make_console()
    target = Target(data, output, workers)
    if completions is not None and model is None:
        found = evaluate_completions(console, target, completions)
    elif model is not None and completions is None:
        from codemill.evaluate.model import Model as Loaded

        draws = Draws(samples, parse_temperatures(temperature), top_p, seed, tokens)
        found = evaluate_model(console, target, Loaded(model, checkpoint, batch), draws)
    else:
        raise CodemillError(*_ONE_OF)
    print_humaneval(console, found)


@app.command()
def mtpb(
    model: Model = None,
    data: Data = None,
    samples: Annotated[int, typer.Option(min=1, help="Programs of each case.")] = 40,
    temperature: Temperature = "0.2",
    output: Output = None,
    top_p: TopP = 0.95,
    single_turn: SingleTurn = False,
    strict_fixed: StrictFixed = False,
    completions: Completions = None,
    checkpoint: Checkpoint = None,
    seed: Seed = 16,
    batch: Batch = 16,
    workers: Workers = None,
) -> None:
    """Score on MTPB, programs in turns; run again, it goes on.

    Told is the pass rate on the Multi-Turn Programming Benchmark.
    --completions takes the files of the published sampling script, one after the other.

    Example: codemill evaluate mtpb --model runs/codegen-350m --data mtpb.jsonl
    """
    from codemill.evaluate.draws import Draws, Target, parse_temperatures
    from codemill.evaluate.mtpb import evaluate_model, evaluate_programs
    from codemill.evaluate.tables import print_mtpb
    from codemill.screen.progress import make_console
    from evaluation.mtpb.turns import Mode

    console = make_console()
    target = Target(data, output, workers)
    if completions is not None and model is None:
        problems, found = evaluate_programs(console, target, completions, fixed=strict_fixed)
    elif model is not None and completions is None:
        from codemill.evaluate.model import Model as Loaded

        draws = Draws(samples, parse_temperatures(temperature), top_p, seed)
        mode = Mode.SINGLE_TURN if single_turn else Mode.MULTI_TURN
        loaded = Loaded(model, checkpoint, batch)
        problems, found = evaluate_model(console, target, loaded, draws, mode, fixed=strict_fixed)
    else:
        raise CodemillError(*_ONE_OF)
    print_mtpb(console, problems, found)


@app.command()
def stages(
    run: Annotated[str, typer.Argument(help="Run directory, local or gs://.", metavar="RUN", autocompletion=runs)],
    benchmark: Annotated[Benchmark, typer.Option(help="What to score on.")] = Benchmark.HUMANEVAL,
    data: Data = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Of each problem or case.  [default: 200 or 40]", show_default=False)
    ] = None,
    temperature: Annotated[
        str | None, typer.Option(help="As of the benchmark's own command.", show_default=False)
    ] = None,
    output: Output = None,
    batch: Batch = 16,
    workers: Workers = None,
) -> None:
    """Score the last checkpoint of each stage; run again, it goes on.

    The stages of a run are told side by side, as a table and a picture.

    Example: codemill evaluate stages runs/codegen-350m --data HumanEval.jsonl.gz
    """
    from dataclasses import replace

    from codemill.evaluate.draws import HUMANEVAL, MTPB, Target, parse_temperatures
    from codemill.evaluate.stages import compare_on_humaneval, compare_on_mtpb
    from codemill.screen.progress import make_console

    usual = HUMANEVAL if benchmark is Benchmark.HUMANEVAL else MTPB
    draws = replace(
        usual,
        samples=samples or usual.samples,
        temperatures=usual.temperatures if temperature is None else parse_temperatures(temperature),
    )
    compare = compare_on_humaneval if benchmark is Benchmark.HUMANEVAL else compare_on_mtpb
    compare(make_console(), run, Target(data, output, workers), draws, batch)
