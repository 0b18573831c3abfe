"""A compiled program's text: its computations, and how often each of them runs in one call.

Only what is needed to count: names, shapes, operands, and the loops whose number of rounds can be read. XLA's own
cost analysis counts the body of a loop once, and a training step is loops in loops.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

_ARRAY = re.compile(r"\b(pred|token|[a-z]+\d+[a-z0-9]*)\[([\d,]*)\](\{[^{}]*\})?")
_NAME = re.compile(r"%([\w.-]+)")
_CALLED = re.compile(r"\b(calls|body|condition|to_apply|branch_computations)=(\{[^{}]*\}|%[\w.-]+)")
_TRIP_COUNT = re.compile(r'"known_trip_count":\{"n":"(\d+)"')
_OTHER_MEMORY = re.compile(r"S\([1-9]\d*\)")


class Instruction(NamedTuple):
    """One line of a computation."""

    name: str
    shape: str
    opcode: str
    arguments: str
    """Between its parentheses: names of operands, or a number."""
    attributes: str
    root: bool

    @property
    def operands(self) -> list[str]:
        """Names of the instructions it takes."""
        return _NAME.findall(self.arguments)


class Computation(NamedTuple):
    """A block of instructions."""

    instructions: dict[str, Instruction]
    runs: int
    """How often one call of the program runs it; 0 if nothing reaches it."""
    fused: bool
    """Part of a fusion or of a reduction: what it makes stays in registers."""


def array_bytes(shape: str, in_hbm: bool = False) -> int:
    """Bytes of all arrays in a shape, padding not counted; on request only of those in the main memory."""
    return sum(
        math.prod(map(int, filter(None, sizes.split(",")))) * _width(kind)
        for kind, sizes, layout in _ARRAY.findall(shape)
        if not (in_hbm and _OTHER_MEMORY.search(layout))
    )


def _width(kind: str) -> int:
    if kind in ("pred", "token"):
        return int(kind == "pred")
    bits = re.search(r"\d+", kind)
    assert bits is not None  # the pattern of arrays asks for a digit
    return max(1, int(bits[0]) // 8)


def parse_program(text: str) -> dict[str, Computation]:
    """The computations of a compiled program by name, each with how often it runs.

    A loop whose number of rounds is not in the text counts one round.
    """
    blocks, entry = _blocks(text)
    runs: dict[str, int] = defaultdict(int)
    fused = set()
    # Callers before callees: a computation is printed after all that it calls.
    runs[entry] = 1
    for name in reversed(blocks):
        for instruction in blocks[name].values():
            for key, called in _called(instruction):
                if called in blocks:
                    rounds = _rounds(instruction, blocks) if key in ("body", "condition") else 1
                    runs[called] += runs[name] * rounds
                    # Not `call`: what reductions and sorts apply is a few scalars, as inside a fusion.
                    applied = key == "to_apply" and instruction.opcode != "call"
                    if instruction.opcode == "fusion" or applied or name in fused:
                        fused.add(called)
    return {name: Computation(block, runs[name], name in fused) for name, block in blocks.items()}


def _blocks(text: str) -> tuple[dict[str, dict[str, Instruction]], str]:
    blocks: dict[str, dict[str, Instruction]] = {}
    entry = ""
    current: dict[str, Instruction] = {}
    for line in text.splitlines():
        if line.endswith("{") and not line.startswith((" ", "HloModule")):
            found = _NAME.search(line)
            if found is not None:
                current = blocks.setdefault(found[1], {})
                entry = found[1] if line.startswith("ENTRY") else entry
        elif line.startswith("  ") and " = " in line:
            instruction = _instruction(line.strip())
            if instruction is not None:
                current[instruction.name] = instruction
    return blocks, entry


def _instruction(line: str) -> Instruction | None:
    left, _, right = line.partition(" = ")
    end = _closing(right) + 1 if right.startswith("(") else right.find(" ")
    opcode, paren, _ = right[end:].strip().partition("(")
    name = _NAME.search(left)
    if not paren or name is None:
        return None
    begin = right.index("(", end)
    arguments = right[begin + 1 : begin + _closing(right[begin:])]
    attributes = right[begin + len(arguments) + 2 :]
    return Instruction(name[1], right[:end], opcode, arguments, attributes, left.startswith("ROOT"))


def _closing(text: str) -> int:
    """Place of the parenthesis that closes the one at the beginning."""
    depth = 0
    for place in re.finditer(r"[()]", text):
        depth += 1 if place[0] == "(" else -1
        if depth == 0:
            return place.start()
    return len(text) - 1


def _called(instruction: Instruction) -> Iterator[tuple[str, str]]:
    for key, names in _CALLED.findall(instruction.attributes):
        yield from ((key, name) for name in _NAME.findall(names))


def _rounds(loop: Instruction, blocks: dict[str, dict[str, Instruction]]) -> int:
    """Rounds of a loop: what the compiler noted, else what its condition and its body's increment say."""
    noted = _TRIP_COUNT.search(loop.attributes)
    if noted is not None:
        return int(noted[1])
    called = dict(_called(loop))
    condition, body = blocks.get(called.get("condition", "")), blocks.get(called.get("body", ""))
    if condition is None or body is None:
        return 1
    compare = _root(condition)
    if compare is None or compare.opcode != "compare" or "direction=LT" not in compare.attributes:
        return 1
    counter, limit = (condition.get(name) for name in compare.operands)
    end = _constant(limit)
    if counter is None or end is None:
        return 1
    return max(1, math.ceil(end / (_increment(counter, body) or 1)))


def _increment(counter: Instruction, body: dict[str, Instruction]) -> int | None:
    """What a round adds to the loop's counter, an element of the tuple that goes round."""
    index, result = re.search(r"index=(\d+)", counter.attributes), _root(body)
    if index is None or result is None or result.opcode != "tuple":
        return None
    added = body.get(result.operands[int(index[1])])
    while added is not None and added.opcode == "copy":
        added = body.get(added.operands[0])
    if added is None or added.opcode != "add":
        return None
    steps = (_constant(body.get(name)) for name in added.operands)
    return next((step for step in steps if step is not None), None)


def _root(block: dict[str, Instruction]) -> Instruction | None:
    return next((instruction for instruction in block.values() if instruction.root), None)


def _constant(instruction: Instruction | None) -> int | None:
    while instruction is not None and instruction.opcode == "constant":
        return int(instruction.arguments) if instruction.arguments.lstrip("-").isdigit() else None
    return None
