from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import codemill.metadata.kept as module
from codemill.metadata.kept import PLACE, SUMS, Kept, count_kept
from schemas.manifest import Manifest

pytestmark = pytest.mark.slow


def counted(snapshot: Path) -> dict[tuple[str, ...], Counter[str]]:
    """The groups in plain Python."""
    groups: dict[tuple[str, ...], Counter[str]] = {}
    for path in (snapshot / "documents").glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            if row["outcome"] == "kept":
                place = tuple("" if name == "repository" and row["source"] == "pile" else row[name] for name in PLACE)
                redactions = len(row["redacted"])
                groups.setdefault(place, Counter()).update(
                    documents=1,
                    bytes=row["bytes"],
                    tokens=row["tokens"],
                    redacted_documents=int(redactions > 0),
                    redactions=redactions,
                )
    return groups


def as_groups(kept: Kept) -> dict[tuple[str, ...], Counter[str]]:
    rows = kept.groups.to_pylist()
    groups = {tuple(row[name] for name in PLACE): Counter({name: row[name] for name in SUMS}) for row in rows}
    assert len(groups) == len(rows)
    return groups


def test_groups_are_those_of_the_rows(snapshot: Path, kept: Kept) -> None:
    assert as_groups(kept) == counted(snapshot)
    assert kept.tokens == sum(group["tokens"] for group in counted(snapshot).values())


def test_it_does_not_matter_when_sums_are_added_up(
    snapshot: Path, manifest: Manifest, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAITING", 0)
    again = count_kept(str(snapshot), manifest)
    assert as_groups(again) == as_groups(kept)
    assert again.by("license", "source").equals(kept.by("license", "source"))


def test_columns_that_some_tables_lack_are_not_named(kept: Kept) -> None:
    assert not kept.uniform
    assert "redactions" not in kept.schema.names and "redacted" in kept.schema.names


def test_a_snapshot_without_documents_has_no_groups(snapshot: Path, manifest: Manifest) -> None:
    empty = count_kept(str(snapshot), manifest.model_copy(update={"tables": ()}))
    assert (empty.groups.num_rows, empty.tokens, empty.schema.names, empty.uniform) == (0, 0, [], True)
