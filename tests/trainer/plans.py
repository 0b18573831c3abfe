"""Plans over the snapshots of `snapshots.py`, small enough to train in a second."""

from __future__ import annotations

from typing import Any

from schemas.plan import Plan
from tests.trainer.snapshots import CONTEXT, VOCABULARY

MODEL = {
    "layers": 2,
    "heads": 4,
    "head_dim": 8,
    "rotary_dim": 4,
    "vocabulary_rows": VOCABULARY,
    "context_length": CONTEXT,
}


def stage(name: str, snapshot: str, **changes: Any) -> dict[str, Any]:
    """One stage of six steps of four sequences."""
    schedule = {"peak": 1e-2, "end": 1e-3, "warmup_steps": 2, "anneal_steps": 10}
    return {
        "name": name,
        "snapshot": snapshot,
        "steps": 6,
        "batch_sequences": 4,
        "microbatches": 2,
        "learning_rate": schedule,
        **changes,
    }


def three_stage_plan(snapshot: str, **changes: Any) -> Plan:
    """nl, multi, mono; the mono stage carries the optimizer on."""
    stages = [stage("nl", snapshot), stage("multi", snapshot), stage("mono", snapshot, optimizer="carry")]
    plan = {
        "name": "test",
        "model": MODEL,
        "stages": stages,
        "checkpoint": {"every_steps": 4, "keep": 2},
        "log_every": 2,
        "evaluate_every": 4,
        "evaluation_sequences": 5,
        "rematerialise": False,
    }
    return Plan.model_validate({**plan, **changes})
