"""Earlier snapshots that a build is deduplicated against: what they hold is not taken in again.

The answer is that of one build over all sources, those of the earlier snapshots first: their documents rank before all
new ones, so nothing new can change what became of them, and only they and the new documents have to be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from dedup.identity import FINGERPRINT
from dedup.rank import PRIORITY_BITS
from schemas.config import BuildConfig, DedupConfig
from schemas.errors import CodemillError
from schemas.manifest import Manifest, load_manifest


@dataclass(frozen=True)
class Earlier:
    """A snapshot that a build is compared with."""

    snapshot: str
    manifest: Manifest

    @property
    def documents(self) -> int:
        """Rows of its document tables, or a little more."""
        return sum(row.read.documents for row in self.manifest.ledger.sources)


def load_earlier(config: BuildConfig, snapshots: tuple[str, ...]) -> tuple[Earlier, ...]:
    """Read the manifests of earlier snapshots, in the order of their documents' rank.

    Raises:
        CodemillError: one of them was deduplicated in another way, is named twice, or itself leaves out what a
            snapshot holds that is not named before it.
    """
    found: list[Earlier] = []
    for snapshot in snapshots:
        earlier = Earlier(snapshot, load_manifest(snapshot))
        _check(config, earlier, {other.manifest.digest for other in found})
        found.append(earlier)
    sources = len(config.sources) + sum(len(earlier.manifest.config["sources"]) for earlier in found)
    if sources > 1 << PRIORITY_BITS:
        raise CodemillError(
            f"{sources} sources in all, but documents are ranked by at most {1 << PRIORITY_BITS}",
            "build against fewer snapshots: one of them may be a build of all their sources",
        )
    return tuple(found)


def _check(config: BuildConfig, earlier: Earlier, before: set[str]) -> None:
    manifest = earlier.manifest
    if manifest.digest in before:
        raise CodemillError(f"{earlier.snapshot}: this snapshot is named twice", "name it once with --against")
    missing = [other for other in manifest.against if other.digest not in before]
    if missing:
        raise CodemillError(
            f"{earlier.snapshot}: was itself built against {missing[0].name!r}, digest {missing[0].digest[:16]}..., "
            "and leaves out what that one holds",
            "name that snapshot too, with --against before this one",
        )
    theirs, ours = DedupConfig.model_validate(manifest.config["dedup"]).decisive(), config.dedup.decisive()
    if theirs != ours:
        raise CodemillError(
            f"{earlier.snapshot}: deduplicated with {theirs}, this build with {ours}",
            "use the same settings under `dedup`",
        )
    if manifest.fingerprint != FINGERPRINT:
        raise CodemillError(
            f"{earlier.snapshot}: its fingerprints are of another kind ({manifest.fingerprint}, not {FINGERPRINT})",
            "build it again with this codemill",
        )
