"""The filter, run here step by step, for both machines: what it refuses, and that it refuses nothing else."""

from __future__ import annotations

import errno
import struct

import pytest

from evaluation.sandbox.keeper.seccomp import filter_program
from evaluation.sandbox.keeper.syscalls import ABSENT, LAST_KNOWN, MACHINES, REFUSED

ARCHITECTURES = (0xC000003E, 0xC00000B7)
ALLOWED, KILLED = 0x7FFF0000, 0x80000000
NOT_PERMITTED, UNKNOWN = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
EVERY_MACHINE = pytest.mark.parametrize("machine", range(len(MACHINES)), ids=MACHINES)


def verdict(machine: int, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter returns for a call; classic BPF, as far as the filter uses it."""
    called = ARCHITECTURES[machine] if architecture is None else architecture
    call = struct.pack("<IIQ6Q", number, called, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("<HBBI", filter_program(machine)))
    value, place = 0, 0
    while True:
        code, if_true, if_false, operand = steps[place]
        place += 1
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            (value,) = struct.unpack_from("<I", call, operand)
        elif code == 0x54:
            value &= operand
        else:
            holds = {0x15: value == operand, 0x25: value > operand, 0x45: bool(value & operand)}[code]
            place += if_true if holds else if_false


@EVERY_MACHINE
def test_the_listed_calls_are_refused_and_no_others(machine: int) -> None:
    clone3 = 435
    listed = {numbers[machine] for numbers in REFUSED.values()} - {ABSENT}
    for number in range(LAST_KNOWN + 1):
        # Without a family, socketpair is refused too.
        if number not in (clone3, (53, 199)[machine]):
            assert verdict(machine, number) == (NOT_PERMITTED if number in listed else ALLOWED), number
    assert verdict(machine, clone3) == UNKNOWN


@EVERY_MACHINE
@pytest.mark.parametrize("number", [LAST_KNOWN + 1, 0x4000_0000, 0x4000_0000 + 41, 0xFFFF_FFFF])
def test_numbers_that_the_table_does_not_know_are_refused(machine: int, number: int) -> None:
    assert verdict(machine, number) == UNKNOWN


@EVERY_MACHINE
def test_another_architecture_ends_the_process(machine: int) -> None:
    for architecture in (0, 0x4000_0003, 0x4000_0028, ARCHITECTURES[1 - machine]):
        assert verdict(machine, 0, architecture=architecture) == KILLED


@EVERY_MACHINE
def test_clone_makes_processes_and_threads_but_no_namespaces(machine: int) -> None:
    clone = (56, 220)[machine]
    fork, thread = 0x1200011, 0x3D0F00
    assert verdict(machine, clone, fork) == verdict(machine, clone, thread) == ALLOWED
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, clone, fork | namespace) == NOT_PERMITTED


@EVERY_MACHINE
def test_memory_is_private_or_a_file(machine: int) -> None:
    shared, validated, private, anonymous = 1, 3, 2, 0x20
    for flags, expected in [
        (private | anonymous, ALLOWED),
        (private | anonymous | 0x20000, ALLOWED),
        (shared, ALLOWED),
        (private, ALLOWED),
        (shared | anonymous, NOT_PERMITTED),
        (validated | anonymous, NOT_PERMITTED),
        (shared | anonymous | 0x4000, NOT_PERMITTED),
    ]:
        assert verdict(machine, (9, 222)[machine], 0, 4096, 3, flags) == expected


@EVERY_MACHINE
def test_pairs_of_sockets_are_local(machine: int) -> None:
    assert [verdict(machine, (53, 199)[machine], family, 1) for family in (1, 2, 10, 16, 30)] == [ALLOWED] + [
        NOT_PERMITTED
    ] * 4
