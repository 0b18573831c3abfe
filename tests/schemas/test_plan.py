from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import CodemillError
from schemas.model_config import PRESETS
from schemas.plan import Plan, load_plan

EXAMPLE = Path(__file__).parents[2] / "examples" / "codegen-350m-plan.yaml"
STAGE: dict[str, Any] = {
    "name": "nl",
    "snapshot": "gs://bucket/snapshot",
    "steps": 10,
    "batch_sequences": 8,
    "learning_rate": {"peak": 1e-3, "end": 1e-4, "warmup_steps": 2, "anneal_steps": 8},
}


def plan(**changes: Any) -> Plan:
    return Plan.model_validate({"name": "p", "model": "tiny", "stages": [STAGE], **changes})


def stages(**changes: Any) -> list[dict[str, Any]]:
    return [{**STAGE, **changes}]


def load_error(directory: Path, **changes: Any) -> str:
    path = directory / "plan.yaml"
    path.write_text(yaml.safe_dump({"name": "p", "model": "tiny", "stages": [STAGE], **changes}))
    with pytest.raises(CodemillError) as caught:
        load_plan(str(path))
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return str(caught.value)


def test_the_example_is_the_papers_schedule_for_350m() -> None:
    example = load_plan(str(EXAMPLE))
    assert example.model == PRESETS["350M"]
    assert [s.name for s in example.stages] == ["nl", "multi", "mono"]
    assert [s.steps for s in example.stages] == [350_000, 150_000, 150_000]
    assert [s.learning_rate.peak for s in example.stages] == [3e-4, 1.8e-4, 1.8e-4]
    for stage in example.stages:
        assert stage.batch_sequences * example.model.context_length == 524_288
        assert stage.batch_sequences // stage.microbatches % 8 == 0
        assert (stage.weight_decay, stage.clip, stage.learning_rate.warmup_steps) == (0.1, 1.0, 3000)
        assert stage.optimizer == "fresh"


def test_dataset_defaults_to_the_stages_name() -> None:
    assert plan().stages[0].dataset == "nl"
    assert plan(stages=stages(dataset="pile")).stages[0].dataset == "pile"


def test_model_may_be_a_preset_a_changed_preset_or_sizes() -> None:
    changed = plan(model={"preset": "tiny", "vocabulary_rows": 300}).model
    assert changed == PRESETS["tiny"].model_copy(update={"vocabulary_rows": 300})
    assert plan(model=PRESETS["1B"].model_dump()).model == PRESETS["1B"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "350m"}, ["model", "350M", "16.1B"]),
        ({"stages": stages(batch_size=3)}, ["stages.0.batch_size", "unknown key", "batch_sequences"]),
        ({"stages": stages(microbatches=3)}, ["stages.0", "batch_sequences 8", "microbatches 3"]),
        ({"stages": stages(steps=0)}, ["stages.0.steps"]),
        ({"stages": stages() * 2}, ["stages", "two stages", "nl", "rename"]),
        ({"stages": []}, ["stages"]),
        ({"mesh": {"fsdp": 0}}, ["mesh.fsdp"]),
        ({"model": {"preset": "tiny", "rotary_dim": 5}}, ["model", "rotary_dim 5", "even"]),
        (
            {"stages": stages(learning_rate={"peak": 1, "end": 2, "warmup_steps": 0, "anneal_steps": 0})},
            ["stages.0.learning_rate", "above peak"],
        ),
    ],
)
def test_errors_name_the_key_and_the_remedy(tmp_path: Path, changes: dict[str, Any], words: list[str]) -> None:
    message = load_error(tmp_path, **changes)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    "changes",
    [
        {"log_every": 7},
        {"mesh": {"data": 2}},
        {"checkpoint": {"every_steps": 3}},
        {"stages": [*stages(snapshot="elsewhere", epochs=9)]},
        {"stages": [STAGE, {**STAGE, "name": "later"}]},
    ],
)
def test_fingerprint_ignores_what_does_not_shape_the_weights(changes: dict[str, Any]) -> None:
    assert plan(**changes).fingerprint(0) == plan().fingerprint(0)


@pytest.mark.parametrize(
    "changes",
    [{"seed": 1}, {"model": "350M"}, {"compute_dtype": "bfloat16"}, {"stages": stages(clip=2.0)}],
)
def test_fingerprint_covers_what_shapes_the_weights(changes: dict[str, Any]) -> None:
    assert plan(**changes).fingerprint(0) != plan().fingerprint(0)
