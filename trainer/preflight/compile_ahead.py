"""Compile the real training step for a slice of TPUs that is only described, in a process of its own.

libtpu reads the environment when it is loaded and does not unload; the caller's process must not become its host.
Run as a module, this file reads a request from its input and writes the findings to its output, both JSON.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from schemas.errors import CheckFailed, CodemillError
from schemas.plan import Plan
from trainer.preflight.topology import Topology
from trainer.preflight.traffic import Collective, Traffic, traffic_of

_PREFIX = "findings: "
_ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    # Otherwise libtpu asks the cloud's metadata server which machine this is, and waits for an answer.
    "TPU_SKIP_MDS_QUERY": "1",
    "TPU_WORKER_HOSTNAMES": "localhost",
    # Nothing here touches a chip, so several may run at once.
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "true",
    # Any known type will do: only the slice that is described counts.
    "TPU_ACCELERATOR_TYPE": "v4-8",
}


OUT_OF_MEMORY_REMEDY = (
    "raise `microbatches`, raise `mesh.tensor` or `mesh.fsdp`, set `rematerialise: true` and `attention: auto`, or "
    "name a larger slice"
)
_VERSIONS_REMEDY = "libtpu has to be the one that goes with this JAX: pip install 'codemill[tpu]'"


class Compiled(NamedTuple):
    """What the compiler says about one step, on one chip."""

    arguments: int
    """Bytes, as the next four."""
    results: int
    aliased: int
    """Of the results, what takes an argument's place."""
    temporaries: int
    code: int
    seconds: float
    """That compiling took."""
    traffic: Traffic

    @property
    def memory(self) -> int:
        """Bytes that the program needs: arguments + results - aliased + temporaries + code."""
        return self.arguments + self.results - self.aliased + self.temporaries + self.code


class OutOfMemory(CheckFailed):
    """The program does not fit a chip's memory."""


def libtpu_version() -> str | None:
    """The version of libtpu, or None where it is not installed."""
    return version("libtpu") if importlib.util.find_spec("libtpu") is not None else None


def compile_ahead(plan: Plan, number: int, topology: Topology) -> Compiled:
    """Compile the step of stage `number` for a slice.

    Raises:
        OutOfMemory: the compiler finds that the step does not fit; the message says by how much.
        CodemillError: the compiler fails for another reason.
    """
    request = {"plan": plan.model_dump(mode="json"), "stage": number, "topology": topology.name}
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-m", "trainer.preflight.compile_ahead"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": paths},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(_PREFIX)]
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CodemillError(
            f"compiling for {topology.name} failed with status {done.returncode}: {last[:300]}",
            _VERSIONS_REMEDY,
        )
    found = json.loads(lines[-1].removeprefix(_PREFIX))
    if "error" in found:
        raise _failure(found["error"], topology)
    traffic = found.pop("traffic")
    collectives = {kind: Collective(*numbers) for kind, numbers in traffic["collectives"].items()}
    return Compiled(**found, traffic=Traffic(collectives, traffic["hbm"]))


def _failure(message: str, topology: Topology) -> CodemillError:
    # The rest is a list of buffers, as long as the program.
    first = message.splitlines()[0][:300].rstrip(".")
    if "RESOURCE_EXHAUSTED" in message:
        return OutOfMemory(f"out of memory on {topology.name}: {first.split(': ', 1)[-1]}", OUT_OF_MEMORY_REMEDY)
    return CodemillError(f"compiling for {topology.name} failed: {first}", _VERSIONS_REMEDY)


def compile_step(plan: Plan, number: int, devices: Sequence[Any], platform: str) -> Compiled:
    """Compile `train_step` for devices, of which nothing but their description is needed.

    Args:
        plan: the whole plan.
        number: of the stage.
        devices: of the slice, in any order.
        platform: theirs: cpu, gpu or tpu.
    """
    import jax
    import jax.numpy as jnp

    from trainer.mesh import abstract, batch_sharding, make_mesh, shardings
    from trainer.model.documents import DocumentRule
    from trainer.step import initial_state, step_config, train_step

    stage, mesh = plan.stages[number], make_mesh(plan.mesh, devices)
    # Which id separates documents decides nothing about the program.
    config = step_config(plan, stage, DocumentRule(0, stage.separate_documents), platform)
    with jax.set_mesh(mesh):
        shapes = jax.eval_shape(lambda: initial_state(config, plan.seed))
        layout = shardings(plan.model, mesh, shapes)
        sizes = (stage.microbatches, stage.batch_sequences // stage.microbatches, plan.model.context_length + 1)
        batch = abstract(jax.ShapeDtypeStruct(sizes, jnp.int32), batch_sharding(mesh))  # type: ignore[no-untyped-call]
        rate = abstract(jax.ShapeDtypeStruct((), jnp.float32), layout.finite)  # type: ignore[no-untyped-call]
        begin = time.perf_counter()
        traced = train_step.trace(config, abstract(shapes, layout), batch, rate)
        compiled = traced.lower(lowering_platforms=("cuda" if platform == "gpu" else platform,)).compile()
    memory = compiled.memory_analysis()
    return Compiled(
        arguments=memory.argument_size_in_bytes,
        results=memory.output_size_in_bytes,
        aliased=memory.alias_size_in_bytes,
        temporaries=memory.temp_size_in_bytes,
        code=memory.generated_code_size_in_bytes,
        seconds=time.perf_counter() - begin,
        traffic=traffic_of(compiled.as_text(), len(devices)),
    )


def _main() -> None:
    import jax
    from jax.experimental import topologies

    from trainer.preflight.topology import parse_topology

    request = json.load(sys.stdin)
    plan, topology = Plan.model_validate(request["plan"]), parse_topology(request["topology"])
    try:
        described = topologies.get_topology_desc(
            platform="tpu", topology_name=topology.name, **topology.compiler_options
        )
        compiled = compile_step(plan, request["stage"], described.devices, "tpu")
    except (jax.errors.JaxRuntimeError, CodemillError) as error:
        found: dict[str, Any] = {"error": str(error)}
    else:
        found = {**compiled._asdict(), "traffic": compiled.traffic._asdict()}
    print(_PREFIX + json.dumps(found), flush=True)
    # libtpu's threads may hang or crash on the way out; all that was asked for has been said.
    os._exit(0)


if __name__ == "__main__":
    _main()
