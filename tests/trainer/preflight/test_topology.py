import math

import pytest

from schemas.errors import CodemillError
from trainer.metrics.flops import _PEAK_TERAFLOPS
from trainer.preflight.topology import CHIPS, Topology, parse_topology


@pytest.mark.parametrize(
    ("name", "canonical", "chips", "hosts"),
    [
        ("v4:4x4x8", "v4:4x4x8", 128, 32),
        ("v4-8", "v4:2x2x1", 4, 1),
        ("v4-32", "v4:2x2x4", 16, 4),
        ("v4-256", "v4:4x4x8", 128, 32),
        ("v4-4096", "v4:8x16x16", 2048, 512),
        ("v5p-128", "v5p:4x4x4", 64, 16),
        ("v5e:16x16", "v5e:16x16", 256, 64),
        ("v5litepod-8", "v5e:2x4", 8, 2),
        ("V6E-1", "v6e:1x1", 1, 1),
    ],
)
def test_a_slice_is_known_by_its_shape_and_by_its_type(name: str, canonical: str, chips: int, hosts: int) -> None:
    slice_ = parse_topology(name)
    assert (slice_.name, slice_.chips, slice_.hosts) == (canonical, chips, hosts)
    assert parse_topology(canonical) == slice_


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "not the name"),
        ("a100-8", "not the name"),
        ("v4", "not the name"),
        ("v9:2x2", "no generation"),
        ("v4:4x4", "3 numbers"),
        ("v5e:4xx4", "2 numbers"),
        ("v5e:0x4", "above zero"),
        ("v4-24", "not known"),
        ("v4-9", "not known"),
        ("v5e:32x32", "a pod of v5e has 256"),
    ],
)
def test_other_names_are_refused(name: str, words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        parse_topology(name)


def test_peaks_are_those_of_mfu() -> None:
    for chip in CHIPS.values():
        assert chip.teraflops == _PEAK_TERAFLOPS[chip.kind]


def test_the_compiler_is_told_what_a_name_leaves_open() -> None:
    assert Topology("v4", (2, 2, 1)).compiler_options == {"chip_config_name": "megacore"}
    assert Topology("v5e", (1, 1)).compiler_options == {"chips_per_host_bounds": (1, 1, 1)}
    assert math.prod(Topology("v5e", (4, 8)).shape) == 32
