import jax
import pytest

from schemas.model_config import PRESETS, ModelConfig
from schemas.plan import MeshConfig, Rematerialise
from tests.trainer.plans import MODEL, three_stage_plan
from trainer.metrics.flops import flops_per_token
from trainer.model.attention import Kernel, Target
from trainer.model.documents import DocumentRule
from trainer.model.parameters import count_parameters
from trainer.preflight.compile_ahead import compile_step
from trainer.preflight.estimate import checkpoint_bytes, estimate_memory, estimate_sent, step_flops
from trainer.step import StepConfig

ALONE = {"data": 1, "fsdp": 1, "tensor": 1}


def config(model: ModelConfig, kernel: Kernel = "splash", rematerialise: Rematerialise = True) -> StepConfig:
    rule = DocumentRule(0, False)
    return StepConfig(model, 0.1, 1.0, "bfloat16", rematerialise, rule, Target("tpu", kernel))


def test_a_chip_alone_holds_parameters_and_moments() -> None:
    memory = estimate_memory(config(PRESETS["350M"]), ALONE, 1, 1)
    assert memory.arguments == 12 * count_parameters(PRESETS["350M"]) == checkpoint_bytes(PRESETS["350M"])


@pytest.mark.parametrize(
    ("shape", "microbatches", "sequences", "arguments", "temporaries"),
    [((1, 32, 4), 8, 128, 1.411, 7.466), ((1, 256, 1), 4, 256, 0.72, 5.27)],
)
def test_16b_is_near_what_the_compiler_said(
    shape: tuple[int, ...], microbatches: int, sequences: int, arguments: float, temporaries: float
) -> None:
    """GiB that libtpu 0.0.42.1 found for v4:4x4x8 and v5e:16x16; docs/preflight.md has the rest."""
    axes = dict(zip(("data", "fsdp", "tensor"), shape, strict=True))
    memory = estimate_memory(config(PRESETS["16.1B"]), axes, microbatches, sequences)
    assert memory.arguments / 2**30 == pytest.approx(arguments, abs=0.005)
    assert memory.temporaries / 2**30 == pytest.approx(temporaries, rel=0.2)


def test_each_saving_saves() -> None:
    model, shape = PRESETS["350M"], {"data": 1, "fsdp": 8, "tensor": 1}

    def temporaries(config: StepConfig, microbatches: int = 1) -> int:
        return estimate_memory(config, shape, microbatches, 64 // microbatches).temporaries

    usual = temporaries(config(model))
    assert temporaries(config(model), 4) < usual
    assert usual < temporaries(config(model, kernel="plain"))
    assert (
        usual
        < temporaries(config(model, rematerialise="elementwise"))
        < temporaries(config(model, rematerialise=False))
    )


def test_a_chip_alone_sends_nothing() -> None:
    assert estimate_sent(config(PRESETS["350M"]), ALONE, 4, 8) == 0
    over_fsdp = estimate_sent(config(PRESETS["350M"]), {**ALONE, "fsdp": 2}, 1, 8)
    assert over_fsdp == 3 * count_parameters(PRESETS["350M"])


def test_recomputation_is_work_too() -> None:
    model = PRESETS["350M"]
    head = 2 * model.width * model.vocabulary_rows
    assert step_flops(config(model, "plain", rematerialise=False), 10) == 10 * (flops_per_token(model) + head)
    assert step_flops(config(model, "plain"), 3) * 3 == 4 * 3 * flops_per_token(model)
    attention = 4 * model.layers * model.width * model.context_length
    partly = 10 * (flops_per_token(model) + head + attention)
    assert step_flops(config(model, "plain", rematerialise="elementwise"), 10) == partly
    masked = 2 * model.layers * model.width * model.context_length
    assert step_flops(config(model, "plain"), 1) - step_flops(config(model, "splash"), 1) == 4 * masked


def test_arguments_are_those_of_a_compiled_step() -> None:
    """On this machine's one CPU device: the compiler's arguments are the estimate's and the batch."""
    plan = three_stage_plan("nowhere").model_copy(update={"mesh": MeshConfig(fsdp=1)})
    compiled = compile_step(plan, 0, jax.devices()[:1], "cpu")
    estimated = estimate_memory(config(ModelConfig.model_validate(MODEL)), ALONE, 2, 2).arguments
    stage = plan.stages[0]
    batch = 4 * stage.batch_sequences * (plan.model.context_length + 1)
    assert 0 <= compiled.arguments - estimated - batch < 64, "the rate, Adam's count and the flag are left"
    assert compiled.traffic.collectives == {}
    assert compiled.memory > compiled.arguments
