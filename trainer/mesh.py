"""The device mesh (data, fsdp, tensor) and the shardings that follow from the parameter table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

import jax
from jax.sharding import AxisType, Mesh, NamedSharding

from schemas.errors import CodemillError
from schemas.model_config import ModelConfig
from schemas.plan import MeshConfig
from trainer.model.parameters import Axis, parameter_table, partition

Tree = TypeVar("Tree")
AXES = ("data", "fsdp", "tensor")
BATCH_AXES = ("data", "fsdp")
"""Axes that split the sequences of a batch."""


def mesh_shape(config: MeshConfig, devices: int) -> tuple[int, int, int]:
    """Sizes of `AXES` on so many devices.

    Raises:
        CodemillError: the axes do not multiply to the number of devices.
    """
    fsdp = config.fsdp or max(1, devices // (config.data * config.tensor))
    if config.data * fsdp * config.tensor != devices:
        raise CodemillError(
            f"mesh data={config.data} fsdp={fsdp} tensor={config.tensor} does not cover {devices} device(s)",
            "change `mesh:` in the plan so that the three multiply to the number of devices",
        )
    return config.data, fsdp, config.tensor


def make_mesh(config: MeshConfig, devices: Sequence[jax.Device] | None = None) -> Mesh:
    """Arrange devices as the plan says: all there are, or those of a slice that is only described.

    Raises:
        CodemillError: the axes do not multiply to the number of devices.
    """
    shape = mesh_shape(config, jax.device_count() if devices is None else len(devices))
    return jax.make_mesh(shape, AXES, axis_types=(AxisType.Auto,) * 3, devices=devices)


def check_divisible(config: ModelConfig, mesh: Mesh, sequences: int) -> None:
    """Refuse sizes that the mesh cannot split evenly.

    Args:
        config: the model.
        mesh: the devices.
        sequences: sequences in one microbatch.

    Raises:
        CodemillError: naming the parameter or the batch, the axis and the remedy.
    """
    for name, parameter in parameter_table(config).items():
        for size, axis in zip(parameter.shape, parameter.partition, strict=False):
            if axis is not None and size % mesh.shape[axis]:
                raise CodemillError(
                    f"{name} of shape {parameter.shape} does not split over {axis}={mesh.shape[axis]}",
                    f"change mesh.{axis} to a divisor of {size}",
                )
    parts = mesh.shape["data"] * mesh.shape["fsdp"]
    if sequences % parts:
        raise CodemillError(
            f"a microbatch of {sequences} sequences does not split over data * fsdp = {parts} devices",
            "change batch_sequences or microbatches so that it does",
        )


def partitions(config: ModelConfig, tree: Any) -> Any:
    """A PartitionSpec for each leaf of `tree`: a parameter's own, found by the last key of its path, else replicated.

    Optimizer moments are dictionaries of the parameters' names, so they lie where their parameters lie.
    """
    table = parameter_table(config)

    def of_leaf(path: tuple[Any, ...], _: Any) -> Any:
        name = path[-1].key if path and isinstance(path[-1], jax.tree_util.DictKey) else None
        return table[name].partition if name in table else partition()

    return jax.tree_util.tree_map_with_path(of_leaf, tree)


def shardings(config: ModelConfig, mesh: Mesh, tree: Any) -> Any:
    """The same as `partitions`, on a mesh."""
    return jax.tree.map(partial(NamedSharding, mesh), partitions(config, tree))


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """How a batch [microbatches, sequences, length + 1] lies on the mesh."""
    return NamedSharding(mesh, partition(None, BATCH_AXES))


def abstract(tree: Any, layout: Any) -> Any:
    """Shapes and types of `tree` with the shardings of `layout`: what to restore a checkpoint as."""

    def of_leaf(leaf: Any, sharding: NamedSharding) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)  # type: ignore[no-untyped-call]

    return jax.tree.map(of_leaf, tree, layout)


def constrain(x: jax.Array, *axes: Axis) -> jax.Array:
    """Pin an activation's layout on the mesh in use; without one, as in sampling on one device, do nothing."""
    return _pinned(x, partition(*axes))


def constrain_parameters(config: ModelConfig, tree: Tree) -> Tree:
    """Pin weights, gradients or moments to the parameters' own layout on the mesh in use, if any."""
    return _pinned(tree, partitions(config, tree))


def _pinned(tree: Tree, layout: Any) -> Tree:
    if jax.sharding.get_abstract_mesh().empty:
        return tree
    pinned: Tree = jax.lax.with_sharding_constraint(tree, layout)  # type: ignore[no-untyped-call]
    return pinned
