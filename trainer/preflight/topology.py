"""Slices of TPUs by name: how many chips, on how many hosts, and what one chip has.

A name is a generation and the slice's shape, `v4:4x4x8`, as XLA's compiler takes it, or the accelerator type that is
asked for at Google Cloud, `v4-256`, which counts TensorCores on v4 and v5p and chips on v5e and v6e.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from schemas.errors import CodemillError


@dataclass(frozen=True)
class Chip:
    """One chip, which is one JAX device; figures are Google's, from the system architecture pages of Cloud TPU."""

    kind: str
    """As JAX names the device."""
    dimensions: int
    """Of a slice's shape: the torus its chips are joined to."""
    hbm_gib: float
    teraflops: float
    """Dense bfloat16, 10^12 operations a second."""
    hbm_gb_per_second: float
    """10^9 bytes a second."""
    ici_gb_per_second: float
    """10^9 bytes a second that a chip can send over all its links at once; half of the two-way figure."""
    cores: int
    """TensorCores that an accelerator type counts for each chip."""
    largest: int
    """Chips of a whole pod."""


CHIPS = {
    "v4": Chip("TPU v4", 3, 32, 275, 1228, 300, 2, 4096),
    "v5e": Chip("TPU v5 lite", 2, 16, 197, 819, 200, 1, 256),
    "v5p": Chip("TPU v5", 3, 95, 459, 2765, 600, 2, 8960),
    "v6e": Chip("TPU v6 lite", 2, 32, 918, 1638, 400, 1, 256),
}
_CHIPS_PER_HOST = 4
_EXAMPLES = "give a generation and a shape, such as v4:4x4x8 or v5e:16x16, or a type such as v4-256"


@dataclass(frozen=True)
class Topology:
    """A slice."""

    generation: str
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """As the compiler takes it."""
        return f"{self.generation}:{'x'.join(map(str, self.shape))}"

    @property
    def chip(self) -> Chip:
        """What each chip has."""
        return CHIPS[self.generation]

    @property
    def chips(self) -> int:
        """How many, and how many JAX devices: the two TensorCores of a v4 or v5p chip work as one (megacore)."""
        return math.prod(self.shape)

    @property
    def hosts(self) -> int:
        """Machines, of four chips each; a smaller slice is one machine."""
        return max(1, self.chips // _CHIPS_PER_HOST)

    @property
    def compiler_options(self) -> dict[str, Any]:
        """What `get_topology_desc` needs to be told beside the name."""
        options: dict[str, Any] = {"chip_config_name": "megacore"} if self.generation == "v4" else {}
        if self.chips == 1:
            options["chips_per_host_bounds"] = (1, 1, 1)
        return options


def parse_topology(name: str) -> Topology:
    """The slice of a name.

    Raises:
        CodemillError: no such generation, or a shape that it does not come in.
    """
    found = re.fullmatch(r"(v\d+[a-z]*?)(?:litepod)?(?:(:)([\dx]+)|-(\d+))", name.strip().lower())
    if found is None:
        raise CodemillError(f"--topology {name}: not the name of a slice", _EXAMPLES)
    generation = "v5e" if found[1] == "v5" and "litepod" in name.lower() else found[1]
    if generation not in CHIPS:
        raise CodemillError(f"--topology {name}: no generation {found[1]!r}", f"known are {', '.join(CHIPS)}")
    chip = CHIPS[generation]
    if found[2]:
        parts = found[3].split("x")
        shape = tuple(int(part) for part in parts if part)
        if len(shape) != len(parts) or len(shape) != chip.dimensions or 0 in shape:
            raise CodemillError(
                f"--topology {name}: a shape of {generation} has {chip.dimensions} numbers, all above zero", _EXAMPLES
            )
    else:
        shape = _usual_shape(name, chip, int(found[4]))
    if math.prod(shape) > chip.largest:
        raise CodemillError(
            f"--topology {name}: {math.prod(shape)} chips, and a pod of {generation} has {chip.largest}",
            "name a smaller slice; a run over several slices cannot be checked ahead",
        )
    return Topology(generation, shape)


def _usual_shape(name: str, chip: Chip, size: int) -> tuple[int, ...]:
    """The shape that an accelerator type has: powers of two, as near to a cube or square as they get."""
    chips, rest = divmod(size, chip.cores)
    power = chips.bit_length() - 1
    if rest or chips != 1 << power or power < (2 if chip.dimensions == 3 else 0):
        raise CodemillError(f"--topology {name}: the shape of this size is not known", "give its shape, as in v4:4x4x8")
    if chip.dimensions == 3 and power == 2:
        return 2, 2, 1
    return tuple(1 << (power + i) // chip.dimensions for i in range(chip.dimensions))
