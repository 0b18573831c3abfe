"""`codemill evaluate stages`: the same scores for the end of each stage of a run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from rich.console import Console

from codemill.curves import draw_curve
from codemill.evaluate import humaneval, mtpb
from codemill.evaluate.draws import Draws, Target
from codemill.evaluate.model import Model
from codemill.evaluate.plot import stages_svg
from codemill.evaluate.tables import print_stages
from codemill.lineage import load_run_plan
from evaluation.mtpb.rates import Difficulty, difficulties, grouped
from evaluation.mtpb.turns import Mode
from storage.files import join, write_atomic
from trainer.checkpoints.checkpoint import read_checkpoint_lineage

Rows = dict[str, dict[str, float]]
"""Scores, 0 to 1, by what they are and then by stage."""


def stage_ends(run: str) -> dict[str, int]:
    """The step of each stage's last checkpoint, by the stage's name.

    The end of a stage stays for good, so these are there up to the stage that the newest checkpoint is in.
    """
    plan = load_run_plan(run)
    lineage = read_checkpoint_lineage(plan.checkpoint.directory or run)
    ends = accumulate(stage.steps for stage in lineage.stages)
    return {stage.name: end for stage, end in zip(lineage.stages, ends, strict=True)}


def compare_on_humaneval(console: Console, run: str, target: Target, draws: Draws, batch: int) -> None:
    """Each k's best pass@k after each stage."""
    output = target.output or join(run, "evaluation", "stages-humaneval")
    found = {}
    for stage, step in _told_stages(console, run).items():
        own = target._replace(output=join(output, stage))
        found[stage] = humaneval.evaluate_model(console, own, Model(run, step, batch), draws)
    _tell(console, "HumanEval", output, humaneval_rows(found))


def compare_on_mtpb(console: Console, run: str, target: Target, draws: Draws, batch: int) -> None:
    """The pass rate after each stage, of all problems and by difficulty."""
    output = target.output or join(run, "evaluation", "stages-mtpb")
    found = {}
    for stage, step in _told_stages(console, run).items():
        own = target._replace(output=join(output, stage))
        model = Model(run, step, batch)
        _, found[stage] = mtpb.evaluate_model(console, own, model, draws, Mode.MULTI_TURN, fixed=False)
    _tell(console, "MTPB", output, mtpb_rows(found))


def humaneval_rows(found: Mapping[str, humaneval.Scores]) -> Rows:
    """The highest score of each k over the temperatures, by stage."""
    best = {stage: humaneval.best(scores) for stage, scores in found.items()}
    ks = list(next(iter(best.values()), {}))
    return {f"pass@{k}": {stage: best[stage][k][1] for stage in best} for k in ks}


def mtpb_rows(found: Mapping[str, Mapping[str, mtpb.Found]]) -> Rows:
    """Pass rates at each stage's best temperature; a problem's difficulty is that over all stages."""
    rates = {
        stage: max((one.rates for one in by_label.values()), key=lambda rates: mtpb.total(rates).share)
        for stage, by_label in found.items()
    }
    groups = difficulties(list(rates.values()))
    rows = {"all": {stage: mtpb.total(own).share for stage, own in rates.items()}}
    by_stage = {stage: grouped(own, groups) for stage, own in rates.items()}
    for name in Difficulty:
        if name in groups.values():
            rows[name] = {stage: group[name][1].share for stage, group in by_stage.items()}
    return rows


def _told_stages(console: Console, run: str) -> dict[str, int]:
    ends = stage_ends(run)
    words = ", ".join(f"{stage} at step {step}" for stage, step in ends.items())
    console.print(f"stages: {words}", highlight=False, markup=False)
    return ends


def _tell(console: Console, title: str, output: str, rows: Rows) -> None:
    # 0 and 1 stand at the ends of each curve's scale, or else the curves could not be held against each other.
    curves = {name: draw_curve([0.0, *values.values(), 1.0])[1:-1] for name, values in rows.items()}
    print_stages(console, rows, curves)
    place = join(output, "stages.svg")
    write_atomic(place, stages_svg(title, rows).encode())
    console.print(f"picture {place}", highlight=False, markup=False)
