"""What a compiled step moves on each chip: between chips, by kind of collective, and to and from its memory."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from trainer.preflight.hlo import Computation, Instruction, array_bytes, parse_program

KINDS = ("all-gather", "all-reduce", "reduce-scatter", "all-to-all", "collective-permute", "collective-broadcast")
# These make nothing: they name parts of what is there, or wait for what another one makes.
_FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all", "partition-id", "while"}
_FREE |= {"conditional", "call", "async-start", "opt-barrier"}
_SLICES = ("dynamic-slice", "slice", "gather")


class Collective(NamedTuple):
    """All collectives of one kind in a step, on one chip."""

    times: int
    """How often it is done."""
    sent: int
    """Bytes that a chip sends, over all times."""


class Traffic(NamedTuple):
    """What one chip moves in a step."""

    collectives: dict[str, Collective]
    """By kind; kinds that do not occur are left out."""
    hbm: int
    """Bytes that operations read from the chip's memory and write to it."""

    @property
    def sent(self) -> int:
        """Bytes to other chips, over all collectives."""
        return sum(kind.sent for kind in self.collectives.values())


def traffic_of(text: str, devices: int) -> Traffic:
    """Count a compiled program, given as text.

    Args:
        text: of one device's program, as `Compiled.as_text` gives it.
        devices: how many run it.

    Returns:
        Executed operations, rounds of loops counted. Bytes sent are those of the ring algorithms (Thakur, Rabenseifner
        and Gropp 2005): with n chips in a group and b bytes that a chip brings, b (n - 1) to gather, 2 b (n - 1) / n to
        reduce and give to all, b (n - 1) / n to reduce and scatter or to exchange, and b to pass on. Memory: what each
        operation outside a fusion takes and makes, of a slice the slice only; a kernel's inputs count once.
    """
    program = parse_program(text)
    found: dict[str, Collective] = {}
    channels = set()
    hbm = 0.0
    for name, block in program.items():
        for instruction in block.instructions.values() if block.runs else ():
            kind = instruction.opcode.removesuffix("-start")
            if kind in KINDS:
                # A collective that runs beside several fusions stands in each of them, under one channel.
                channel = re.search(r"channel_id=\d+", instruction.attributes)
                if channel is not None and channel[0] in channels:
                    continue
                channels.add(channel[0] if channel is not None else instruction.name)
                # XLA writes this as an all-reduce inside a fusion that keeps a part of the result.
                kind = "reduce-scatter" if name.startswith("all-reduce-scatter") else kind
                before = found.get(kind, Collective(0, 0))
                sent = _sent(kind, instruction, block, devices)
                found[kind] = Collective(before.times + block.runs, before.sent + sent * block.runs)
            if not block.fused:
                hbm += _hbm(instruction, block, program) * block.runs
    return Traffic({kind: found[kind] for kind in KINDS if kind in found}, int(hbm))


def _sent(kind: str, instruction: Instruction, block: Computation, devices: int) -> int:
    brought = sum(array_bytes(block.instructions[name].shape) for name in instruction.operands)
    members = _members(instruction.attributes, devices)
    if kind == "all-gather":
        return brought * (members - 1)
    if kind in ("collective-permute", "collective-broadcast"):
        return brought
    return brought * (members - 1) // members * (2 if kind == "all-reduce" else 1)


def _members(attributes: str, devices: int) -> int:
    """Chips in a group, by any of the three ways to write groups; none given means all."""
    table = re.search(r"replica_groups=\[\d+,(\d+)\]", attributes)
    if table is not None:
        return int(table[1])
    axes = re.search(r"replica_groups=mesh\[([^\]]*)\][^{]*\{([^}]*)\}", attributes)
    if axes is not None:
        sizes = dict(re.findall(r"'(\w+)'=(\d+)", axes[1]))
        # A part of an axis is written with its size: 'axis':(before)size.
        parts = re.findall(r"'(\w+)'(?::\(\d+\)(\d+))?", axes[2])
        return math.prod(int(part or sizes[axis]) for axis, part in parts)
    listed = re.search(r"replica_groups=\{\{([\d,]+)\}", attributes)
    return devices if listed is None else listed[1].count(",") + 1


def _hbm(instruction: Instruction, block: Computation, program: Mapping[str, Computation]) -> float:
    opcode = instruction.opcode
    if opcode in _FREE or opcode.endswith("-done"):
        return 0
    made = array_bytes(instruction.shape, in_hbm=True)
    taken = [block.instructions[name] for name in instruction.operands if name in block.instructions]
    sizes = [array_bytes(operand.shape, in_hbm=True) for operand in taken]
    if opcode.endswith("-start"):
        # Its result holds the operand too, and a few counters.
        return max(made - sum(sizes), 0) + sum(sizes)
    if opcode in _SLICES:
        return 2 * made
    if opcode == "dynamic-update-slice":
        return 2 * sizes[1]
    if opcode != "fusion":
        return made + sum(sizes)
    inner = _inside(instruction, program)
    if inner is None:
        return made + sum(sizes)
    reads = [min(size, _read(_parameter(inner, i), inner, program)) for i, size in enumerate(sizes) if size]
    return min(made, _written(_root(inner), inner, program)) + sum(reads)


def _read(name: str, inner: Computation, program: Mapping[str, Computation]) -> float:
    """Bytes that a fusion reads of one of its values: all, unless all that takes it is content with slices of it."""
    total = 0.0
    for user in inner.instructions.values():
        for place in (i for i, operand in enumerate(user.operands) if operand == name):
            nested = _inside(user, program)
            if nested is not None:
                total += _read(_parameter(nested, place), nested, program)
            elif user.opcode == "bitcast":
                total += _read(user.name, inner, program)
            elif user.opcode in _SLICES:
                total += array_bytes(user.shape) if place == 0 else 0
            elif user.opcode != "dynamic-update-slice" or place != 0:
                return math.inf
    return total


def _written(made: Instruction, inner: Computation, program: Mapping[str, Computation]) -> int:
    """Bytes that a fusion writes for one of its results: of an array that is updated in place the update only."""
    nested = _inside(made, program)
    if nested is not None:
        return _written(_root(nested), nested, program)
    if made.opcode in ("bitcast", "tuple"):
        return sum(_written(inner.instructions[name], inner, program) for name in made.operands)
    if made.opcode == "dynamic-update-slice":
        return array_bytes(inner.instructions[made.operands[1]].shape)
    return array_bytes(made.shape)


def _inside(instruction: Instruction, program: Mapping[str, Computation]) -> Computation | None:
    called = re.search(r"calls=%([\w.-]+)", instruction.attributes) if instruction.opcode == "fusion" else None
    return program.get(called[1]) if called is not None else None


def _parameter(inner: Computation, number: int) -> str:
    return next(i.name for i in inner.instructions.values() if i.opcode == "parameter" and i.arguments == str(number))


def _root(inner: Computation) -> Instruction:
    return next(instruction for instruction in inner.instructions.values() if instruction.root)
