"""Write the pages that describe a snapshot: what they say is a function of the snapshot's content alone."""

from __future__ import annotations

from codemill.metadata.attribution import attribution_csv
from codemill.metadata.card import card
from codemill.metadata.croissant import croissant
from codemill.metadata.kept import count_kept
from codemill.metadata.order import in_order
from pipelines.snapshot.files import describe_file
from schemas.manifest import ATTRIBUTION_NAME, CARD_NAME, CROISSANT_NAME, MANIFEST_NAME, Manifest
from storage.files import join, write_atomic


def write_metadata(snapshot: str, manifest: Manifest, directory: str) -> list[str]:
    """Write `attribution.csv`, `croissant.json` and `README.md`.

    Args:
        snapshot: a published snapshot, local or gs://.
        manifest: its manifest.
        directory: where to; usually the snapshot, for the pages name its files by their names in it.

    Returns:
        The paths written.

    Raises:
        StorageError: a document table cannot be read, or a page not written.
    """
    manifest = in_order(manifest)
    kept = count_kept(snapshot, manifest)
    paths = [join(directory, name) for name in (ATTRIBUTION_NAME, CROISSANT_NAME, CARD_NAME)]
    write_atomic(paths[0], attribution_csv(kept, manifest))
    own = {
        MANIFEST_NAME: describe_file(join(snapshot, MANIFEST_NAME)),
        ATTRIBUTION_NAME: describe_file(paths[0]),
    }
    write_atomic(paths[1], croissant(kept, manifest, own))
    write_atomic(paths[2], card(kept, manifest))
    return paths
