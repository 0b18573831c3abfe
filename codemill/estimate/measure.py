"""What the passes of a build take: measured on a build that is real, of one worker in this process."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import apache_beam as beam
import pyarrow.compute as pc

from buffers.texts import Texts
from codemill.estimate.model import Amounts, Measured, Quantity, Search, Term, total
from dedup.shingles import shingle_sets
from pipelines.build import build
from pipelines.duplicates.candidates import BAND_ROW
from pipelines.duplicates.exact import EXACT_ROW
from pipelines.jobs.progress import Done, Progress
from pipelines.jobs.runner import Runner
from pipelines.jobs.shuffled_bytes import counted_shuffles
from pipelines.sources import Unit
from pipelines.tables import read_table
from pipelines.workspace import work_directory
from schemas.config import BuildConfig, SentencePieceConfig
from schemas.ledger import SourceRow
from schemas.manifest import Manifest
from schemas.reasons import Outcome
from storage.files import join
from storage.listing import list_files

LAUNCHER = "launcher"
"""What is done before and between the passes, on the machine that the build is launched from."""
MANIFEST = "manifest"
"""What is done there after them: the ledger is checked, and files are hashed."""
SERIAL = ("train tokenizer", MANIFEST, LAUNCHER)
"""Steps that more workers do not make shorter."""

SHINGLE_BYTES = 8

DRIVERS = {
    "harvest": "text",
    "compare": "searched",
    "rounds": "compared",
    "deduplicate": "documents",
    "sample": "text",
    "train tokenizer": "training",
    "tokenise": "kept",
    "shard": "placed",
    "publish": "documents",
    "index": "compared",
    MANIFEST: "text",
    LAUNCHER: "builds",
}
"""What the cost of a pass grows with."""

WRITTEN = (
    ("work/harvest-", "harvest", "text"),
    ("work/compare-", "compare", "compared"),
    ("work/deduplicate-", "deduplicate", "documents"),
    ("work/tokenizer-", "train tokenizer", "training"),
    ("work/tokenise-", "tokenise", "tokens"),
    ("work/shard-", "shard", "placed"),
    ("work/", "publish", "documents"),
    ("snapshot/shards/", "shard", "placed"),
    ("snapshot/provenance/", "shard", "placed"),
    ("snapshot/fingerprints/bands-", "index", "compared"),
    ("snapshot/fingerprints/", "publish", "kept"),
    ("snapshot/", "publish", "documents"),
)
"""Which pass wrote what, by the first beginning of its name that fits, and what it grows with."""


def cpu_seconds() -> float:
    """Of this process, all its threads, and the children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Meter:
    """A display of progress that notes what each pass takes."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._last = cpu_seconds()
        self.step = LAUNCHER
        self.cpu: dict[str, float] = {}
        self.shuffled: dict[str, int] = {}

    def start(self, name: str, total: int, unit: str) -> None:
        """A pass begins."""
        self.note()
        self.step = name
        self._shown.start(name, total, unit)

    def update(self, done: Done) -> None:
        """So much is done."""
        self._shown.update(done)

    def finish(self, note: str = "") -> None:
        """The pass ended."""
        self.note()
        self.step = MANIFEST if self.step in ("publish", "index") else LAUNCHER
        self._shown.finish(note)

    def note(self) -> None:
        """Put the time since the last note down to the present step."""
        now = cpu_seconds()
        self.cpu[self.step] = self.cpu.get(self.step, 0.0) + now - self._last
        self._last = now


@dataclass(frozen=True)
class MeasuringRunner(Runner):
    """Runs jobs as on a large engine, values in its shuffle, and notes what is shuffled."""

    meter: Meter = field(kw_only=True)

    @property
    def exchanges_files(self) -> bool:
        """No: values are to be counted."""
        return False

    def run(self, build: Callable[[beam.Pipeline], None], name: str) -> None:
        """Build and run one job to its end."""
        with counted_shuffles() as shuffled:
            super().run(build, name)
        step = self.meter.step
        self.meter.shuffled[step] = self.meter.shuffled.get(step, 0) + shuffled.bytes


def measure_build(
    config: BuildConfig, units: Mapping[str, list[Unit]], output: str, shown: Progress
) -> tuple[Manifest, Measured]:
    """Build what some units of each source hold, and measure it.

    Args:
        config: of the build; none of its sources is on BigQuery.
        units: by source.
        output: an empty directory, for the snapshot.
        shown: displays the progress.
    """
    meter = Meter(shown)
    runner = MeasuringRunner(1, meter, meter=meter)
    manifest = build(config, output, runner, plan=lambda name, _: units[name])
    meter.note()
    amounts = amounts_of(manifest, config)._replace(searched=meter.shuffled["compare"])
    values: dict[Term, float] = {}
    for step, seconds in meter.cpu.items():
        values[Term(step, Quantity.CPU, DRIVERS[step])] = seconds
    _split_off_reading(values, output, near=config.dedup.near is not None)
    for step, shuffled in meter.shuffled.items():
        values[Term(step, Quantity.SHUFFLED, DRIVERS[step])] = shuffled
    values |= written(output)
    return manifest, Measured(amounts, values)


def written(output: str) -> dict[Term, float]:
    """Bytes of a snapshot and its work directory, by the pass that wrote them."""
    found: dict[Term, float] = {}
    for place, root in (("work", work_directory(output)), ("snapshot", output)):
        for relative, size, _ in list_files(root):
            name = f"{place}/{relative}"
            step, driver = next((step, driver) for start, step, driver in WRITTEN if name.startswith(start))
            term = Term(step, Quantity(place), driver)
            found[term] = found.get(term, 0.0) + size
    return found


def search_of(config: BuildConfig, output: str) -> Search:
    """What the search for duplicates shuffles for a document of a build."""
    near = config.dedup.near
    if near is None:
        return Search(EXACT_ROW.itemsize, 0.0)
    shingles = documents = 0
    for path in _blocks(output):
        table = read_table(path, ["verdict", "text"])
        passed = table.filter(pc.equal(table["verdict"], ""))["text"]
        shingles += len(shingle_sets(Texts.from_arrow(passed))[0])
        documents += len(passed)
    return Search(EXACT_ROW.itemsize + near.bands * BAND_ROW.itemsize, SHINGLE_BYTES * shingles / max(1, documents))


def _blocks(output: str) -> list[str]:
    work = work_directory(output)
    names = [relative for relative, _, _ in list_files(work)]
    return [join(work, name) for name in names if name.startswith("harvest-") and "/blocks/" in name]


def _split_off_reading(values: dict[Term, float], output: str, near: bool) -> None:
    """Tokenising and publishing read the texts of all documents and go on with those that are kept."""
    before = cpu_seconds()
    for path in _blocks(output):
        read_table(path, ["text"])
    reading = cpu_seconds() - before
    for step in ("tokenise", "publish") if near else ("tokenise",):
        taken = values.pop(Term(step, Quantity.CPU, DRIVERS[step]))
        values[Term(step, Quantity.CPU, "text")] = min(reading, taken)
        values[Term(step, Quantity.CPU, "kept")] = max(0.0, taken - reading)


def amounts_of(manifest: Manifest, config: BuildConfig) -> Amounts:
    """What a whole build amounts to."""
    found = total(amounts_of_source(row) for row in manifest.ledger.sources)
    return found._replace(training=training_bytes(config, found.kept), builds=1.0)


def training_bytes(config: BuildConfig, kept: float) -> float:
    """Bytes that a tokenizer is trained on where so many are kept."""
    tokenizer = config.tokenizer
    return min(kept, tokenizer.sample_bytes) if isinstance(tokenizer, SentencePieceConfig) else 0.0


def amounts_of_source(row: SourceRow) -> Amounts:
    """What a source amounts to, by the ledger."""
    aside = (Outcome.NOT_SELECTED.value, Outcome.REJECTED.value)
    taken = {name: amount for name, amount in row.outcomes.items() if name.split(":")[0] not in aside}
    passed = [amount for name, amount in taken.items() if not name.startswith(Outcome.FILTERED.value)]
    kept = taken.get(Outcome.KEPT.value)
    return Amounts(
        text=sum(amount.bytes for amount in taken.values()),
        documents=sum(amount.documents for amount in taken.values()),
        compared=sum(amount.documents for amount in passed),
        kept=kept.bytes if kept else 0,
        tokens=row.tokens,
        placed=row.placed_tokens,
    )
