"""Whether a plan fits a slice of TPUs and how long it takes there, before there is a slice, data, or any TPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from jax.sharding import AbstractMesh

from schemas.plan import Plan, StagePlan
from trainer.mesh import AXES, check_divisible, mesh_shape
from trainer.metrics.flops import flops_per_token
from trainer.model.attention import Kernel
from trainer.model.documents import DocumentRule
from trainer.preflight.compile_ahead import OUT_OF_MEMORY_REMEDY, Compiled, OutOfMemory, compile_ahead, libtpu_version
from trainer.preflight.estimate import checkpoint_bytes, estimate_memory, estimate_sent, step_flops
from trainer.preflight.topology import Chip, Topology
from trainer.step import StepConfig, step_config

GIB = 1 << 30
_DAY = 86400
_KERNELS: dict[Kernel, str] = {"plain": "plain attention", "splash": "splash attention", "cudnn": "cuDNN's attention"}


class Bound(NamedTuple):
    """The least time of a step, in seconds, by each thing that a chip has to do in it."""

    arithmetic: float
    memory: float | None
    """Reading and writing its own memory; None where that is not known."""
    links: float
    """Sending to other chips, over all links at once and beside the arithmetic."""

    @property
    def seconds(self) -> float:
        """The largest: all of it can go on at once at best."""
        return max(self.arithmetic, self.memory or 0.0, self.links)

    @property
    def binds(self) -> str:
        """What the largest is."""
        named = {"arithmetic": self.arithmetic, "memory": self.memory or 0.0, "links": self.links}
        return max(named, key=lambda name: named[name])


def preflight(plan: Plan, topology: Topology, say: Callable[[str], None], mfu: float = 0.5) -> None:
    """Compile each stage's step for a slice, or estimate it where libtpu is missing, and say what was found.

    Args:
        plan: its mesh has to fit the slice; its snapshots are not looked at.
        topology: the slice.
        say: takes each line, as soon as it is known: a compilation takes a minute or more.
        mfu: model FLOP utilisation for which days are told beside those of the bound.

    Raises:
        OutOfMemory: a step does not fit a chip, by the compiler's word; nothing is refused on an estimate.
        CodemillError: plan and slice do not fit together.
    """
    chip, shape = topology.chip, mesh_shape(plan.mesh, topology.chips)
    mesh: Any = AbstractMesh(shape, AXES)
    for stage in plan.stages:
        check_divisible(plan.model, mesh, stage.batch_sequences // stage.microbatches)
    say(
        f"{topology.name}: {topology.chips} {chip.kind} on {topology.hosts} host(s); a chip has {chip.hbm_gib:g} GiB, "
        f"{chip.teraflops:g} TFLOP/s bfloat16, {chip.hbm_gb_per_second:,} GB/s to memory, "
        f"{chip.ici_gb_per_second} GB/s to other chips"
    )
    axes = " ".join(f"{axis}={size}" for axis, size in zip(AXES, shape, strict=True))
    size = checkpoint_bytes(plan.model) / GIB
    say(f"mesh {axes}; a checkpoint is {size:,.1f} GiB: parameters and two moments in float32")
    libtpu = libtpu_version()
    if libtpu is None:
        say(
            "ESTIMATES by formula follow, which have been up to a third off in memory: libtpu, the compiler for TPUs, "
            "is not installed (pip install 'codemill[tpu]')"
        )
    for stages in _alike(plan):
        number = plan.stages.index(stages[0])
        names = ", ".join(stage.name for stage in stages)
        if libtpu is None:
            bound = _estimated(plan, stages[0], topology, names, say)
        else:
            say(f"{names}: compiling with libtpu {libtpu} ...")
            bound = _compiled(plan, stages[0], topology, compile_ahead(plan, number, topology), say)
        say(f"  at least {bound.seconds:,.3g} s a step, bound by {bound.binds}: {_parts(bound)}")
        for stage in stages:
            say(f"  {_duration(plan, stage, topology, bound, mfu)}")


def _alike(plan: Plan) -> list[list[StagePlan]]:
    """Stages whose steps are programs of the same arrays, together, in the plan's order."""
    groups: dict[tuple[int, int, bool], list[StagePlan]] = {}
    for stage in plan.stages:
        key = (stage.microbatches, stage.batch_sequences, stage.separate_documents)
        groups.setdefault(key, []).append(stage)
    return list(groups.values())


def _compiled(plan: Plan, stage: StagePlan, topology: Topology, found: Compiled, say: Callable[[str], None]) -> Bound:
    chip = topology.chip
    say(
        f"  {_kernel(plan, stage)}, {_batch(stage)}, compiled in {found.seconds:.0f} s; {found.memory / GIB:.2f} of "
        f"{chip.hbm_gib:g} GiB a chip = {found.arguments / GIB:.2f} arguments + {found.results / GIB:.2f} results - "
        f"{found.aliased / GIB:.2f} in the arguments' place + {found.temporaries / GIB:.2f} temporaries + "
        f"{found.code / GIB:.2f} code"
    )
    if found.memory > chip.hbm_gib * GIB:
        raise OutOfMemory(
            f"stage {stage.name} takes {found.memory / GIB:.2f} GiB a chip on {topology.name}, which has "
            f"{chip.hbm_gib:g} GiB",
            OUT_OF_MEMORY_REMEDY,
        )
    kinds = (f"{kind} {c.times:,} ({c.sent / GIB:,.1f})" for kind, c in found.traffic.collectives.items())
    say(f"  collectives a step, in brackets GiB that a chip sends: {', '.join(kinds) or 'none'}")
    return _bound(plan, stage, topology, found.traffic.hbm, found.traffic.sent)


def _estimated(plan: Plan, stage: StagePlan, topology: Topology, names: str, say: Callable[[str], None]) -> Bound:
    chip = topology.chip
    shape = dict(zip(AXES, mesh_shape(plan.mesh, topology.chips), strict=True))
    config = _config(plan, stage)
    sequences = stage.batch_sequences // stage.microbatches
    memory = estimate_memory(config, shape, stage.microbatches, sequences)
    total = (memory.arguments + memory.temporaries) / GIB
    say(
        f"{names}: estimate, {_kernel(plan, stage)}, {_batch(stage)}; {total:.2f} of {chip.hbm_gib:g} GiB a chip = "
        f"{memory.arguments / GIB:.2f} arguments + {memory.temporaries / GIB:.2f} temporaries"
    )
    if total > chip.hbm_gib:
        say(f"  that is likely out of memory: {OUT_OF_MEMORY_REMEDY}")
    sent = estimate_sent(config, shape, stage.microbatches, sequences)
    say(f"  collectives a step: a chip sends about {sent / GIB:,.1f} GiB")
    return _bound(plan, stage, topology, None, sent)


def _config(plan: Plan, stage: StagePlan) -> StepConfig:
    # Which id separates documents decides nothing here.
    return step_config(plan, stage, DocumentRule(0, stage.separate_documents), "tpu")


def _kernel(plan: Plan, stage: StagePlan) -> str:
    target = _config(plan, stage).target
    return _KERNELS[target.kernel if target is not None else "plain"]


def _batch(stage: StagePlan) -> str:
    return f"{stage.microbatches} microbatch(es) of {stage.batch_sequences // stage.microbatches} sequences"


def _bound(plan: Plan, stage: StagePlan, topology: Topology, hbm: int | None, sent: int) -> Bound:
    chip: Chip = topology.chip
    tokens = stage.batch_sequences * plan.model.context_length
    flops = step_flops(_config(plan, stage), tokens)
    return Bound(
        arithmetic=flops / topology.chips / (chip.teraflops * 1e12),
        memory=None if hbm is None else hbm / (chip.hbm_gb_per_second * 1e9),
        links=sent / (chip.ici_gb_per_second * 1e9),
    )


def _parts(bound: Bound) -> str:
    memory = "not estimated" if bound.memory is None else f"{bound.memory:,.3g} s"
    return f"arithmetic, recomputation included, {bound.arithmetic:,.3g} s, memory {memory}, links {bound.links:,.3g} s"


def _duration(plan: Plan, stage: StagePlan, topology: Topology, bound: Bound, mfu: float) -> str:
    """Days of a stage at the bound and at the wished-for utilisation, if the bound leaves that possible."""
    tokens = stage.steps * stage.batch_sequences * plan.model.context_length
    speed = topology.chips * topology.chip.teraflops * 1e12
    days, all_useful = stage.steps * bound.seconds / _DAY, tokens * flops_per_token(plan.model) / speed / _DAY
    most = all_useful / days
    wished = f"{all_useful / mfu:,.1f} days at {mfu:.0%} MFU" if mfu <= most else f"{mfu:.0%} MFU is out of reach"
    return (
        f"{stage.name}: {stage.steps:,} steps, {tokens:,} tokens: {days:,.1f} days at that bound, which is "
        f"{most:.0%} MFU; {wished}"
    )
