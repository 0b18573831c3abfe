import pytest

from schemas.errors import CheckFailed, CodemillError
from schemas.plan import Plan
from tests.trainer.plans import three_stage_plan
from trainer.checkpoints.lineage import Lineage, StageDone, check_continues, read_lineage

PLAN = three_stage_plan("snapshot")
DIGESTS: list[tuple[str, ...]] = [("aa",), ("bb",)]


def lineage(plan: Plan = PLAN) -> Lineage:
    done = [
        StageDone(name=name, snapshot_digests=digest, steps=steps, sequences=4 * steps)
        for name, digest, steps in (("nl", ("aa",), 6), ("multi", ("bb",), 2))
    ]
    return Lineage(
        plan_name="test", plan_fingerprint=plan.fingerprint(1), model=plan.model, step=8, stages=tuple(done), parent=4
    )


def refusal(plan: Plan = PLAN, digests: list[tuple[str, ...]] = DIGESTS, found: Lineage | None = None) -> str:
    with pytest.raises(CodemillError) as refused:
        check_continues(found or lineage(), plan, digests, "run/8")
    return refused.value.message


def test_a_checkpoint_of_the_same_plan_and_data_goes_on() -> None:
    check_continues(lineage(), PLAN, DIGESTS, "run/8")
    longer = three_stage_plan("snapshot", log_every=3)  # nothing that the weights depend on
    check_continues(lineage(), longer, DIGESTS, "run/8")


def test_other_stages_data_skips_and_settings_are_each_named() -> None:
    renamed = PLAN.model_copy(update={"stages": PLAN.stages[1:]})
    assert refusal(renamed) == "run/8: was trained in stages nl, multi, which this plan does not begin with"
    assert "stage multi learned from snapshot bb..., the plan's has cc..." in refusal(digests=[("aa",), ("cc",)])
    stages = (*lineage().stages[:1], lineage().stages[1].model_copy(update={"sequences": 12}))
    skipped = lineage().model_copy(update={"stages": stages})
    assert "stage multi has consumed 12 sequences, with the plan's `skip` it would have been 8" in refusal(
        found=skipped
    )
    assert refusal(three_stage_plan("snapshot", seed=PLAN.seed + 1)).endswith("of the plan have changed since")


def test_a_damaged_lineage_is_told_by_its_first_bad_field() -> None:
    data = lineage().model_dump(mode="json")
    assert read_lineage(data, "run/8") == lineage()
    with pytest.raises(CheckFailed, match=r"run/8: lineage is damaged \(step: "):
        read_lineage({**data, "step": "many"}, "run/8")
