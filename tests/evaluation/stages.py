"""A run of three stages with a tokenizer, as training leaves it, but of random weights: made in a second."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp

from schemas.manifest import PLAN_NAME
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tests.trainer.plans import MODEL, three_stage_plan
from tests.trainer.snapshots import counting_records, write_snapshot
from tokenization.codegen import build
from trainer.checkpoints.checkpoint import DIRECTORY, open_checkpoints
from trainer.checkpoints.lineage import Lineage, StageDone
from trainer.model.parameters import initial_parameters
from trainer.step import TrainState

ENDS = {"nl": 6, "multi": 12, "mono": 18}
CONTEXT = 96


def write_three_stages(place: Path) -> str:
    """Write a plan, a tokenizer and the checkpoints of all stages' ends; return the run's directory."""
    write_snapshot(place / "snapshot", {name: {"train": counting_records(4, 1)} for name in ENDS}, shards=1)
    build(*gpt2_like_files()).save(str(place / "snapshot" / "tokenizer"))
    model = {**MODEL, "layers": 1, "vocabulary_rows": 700, "context_length": CONTEXT}
    plan = three_stage_plan(str(place / "snapshot"), model=model)
    run = place / "run"
    run.mkdir()
    (run / PLAN_NAME).write_text(plan.model_dump_json())
    done: tuple[StageDone, ...] = ()
    with open_checkpoints(str(run / DIRECTORY), plan.checkpoint, list(ENDS.values())) as checkpoints:
        for number, (name, end) in enumerate(ENDS.items()):
            done = (*done, StageDone(name=name, snapshot_digests=("",), steps=6, sequences=24))
            state = TrainState(initial_parameters(plan.model, number), {"none": jnp.zeros(1)}, jnp.bool_(True))
            lineage = Lineage(
                plan_name=plan.name,
                plan_fingerprint=plan.fingerprint(number),
                model=plan.model,
                step=end,
                stages=done,
                parent=end - 6 or None,
            )
            checkpoints.save(state, lineage)
    return str(run)
