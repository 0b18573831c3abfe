"""What cores, memory, shuffles and storage cost. Edit `PRICES` when Google does."""

from __future__ import annotations

from typing import NamedTuple

GIB = 1 << 30


class Prices(NamedTuple):
    """US dollars, without discounts."""

    as_of: str
    region: str
    core_hour: float
    """Dataflow, batch: a virtual CPU for an hour."""
    memory_hour: float
    """Dataflow, batch: a GiB of memory for an hour."""
    memory_of_core: float
    """GiB that a worker has for each virtual CPU: the n2-standard machines'."""
    disk_hour: float
    """Dataflow: a GiB of a worker's disk for an hour."""
    disk_of_worker: float
    """GiB, Dataflow's default with its shuffle service; a worker is one virtual CPU."""
    shuffled: float
    """Dataflow Shuffle: a GiB processed."""
    stored_month: float
    """Cloud Storage, standard class, one region: a GiB for a month."""


PRICES = Prices(
    as_of="September 2026",
    region="us-central1",
    core_hour=0.056,
    memory_hour=0.003557,
    memory_of_core=4.0,
    disk_hour=0.000054,
    disk_of_worker=25.0,
    shuffled=0.011,
    stored_month=0.020,
)

SHUFFLE_PASSES = 2
"""What is shuffled is processed when it is written and when it is read."""


class Bill(NamedTuple):
    """US dollars."""

    cpu: float
    memory: float
    disks: float
    shuffle: float
    work_month: float
    """The work directory and the snapshot while it is built, for a month."""
    snapshot_month: float
    """The snapshot alone, for a month."""

    @property
    def computing(self) -> float:
        """What is paid once."""
        return self.cpu + self.memory + self.disks + self.shuffle


def bill(cpu_seconds: float, shuffled: float, work: float, snapshot: float, prices: Prices = PRICES) -> Bill:
    """The price of a build.

    Args:
        cpu_seconds: of one core.
        shuffled: bytes, each counted once.
        work: bytes of the work directory.
        snapshot: bytes of the snapshot.
        prices: by the unit.
    """
    hours = cpu_seconds / 3600
    return Bill(
        cpu=hours * prices.core_hour,
        memory=hours * prices.memory_of_core * prices.memory_hour,
        disks=hours * prices.disk_of_worker * prices.disk_hour,
        shuffle=SHUFFLE_PASSES * shuffled / GIB * prices.shuffled,
        work_month=(work + snapshot) / GIB * prices.stored_month,
        snapshot_month=snapshot / GIB * prices.stored_month,
    )
