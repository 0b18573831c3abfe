from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codemill.report.binning import TOKENS, scale_of
from codemill.report.survey import AROUND, SAMPLES, Survey, survey
from pipelines.tables import read_table
from schemas.manifest import Manifest
from schemas.reasons import Outcome


@pytest.fixture(scope="module")
def counted(snapshot: Path, manifest: Manifest) -> Survey:
    return survey(str(snapshot), manifest)


@pytest.fixture(scope="module")
def rows(snapshot: Path, manifest: Manifest) -> list[dict[str, Any]]:
    """Every document with its key, as plain Python."""
    return [
        {**row, "key": block << 32 | at}
        for block, name in enumerate(manifest.tables)
        for at, row in enumerate(read_table(str(snapshot / name)).to_pylist())
    ]


def test_cells_are_what_a_plain_count_gives(counted: Survey, rows: list[dict[str, Any]]) -> None:
    documents = Counter((row["source"], row["language"] or "", row["outcome"]) for row in rows)
    assert {tuple(cell): number for cell, number in counted.documents.items()} == documents
    assert counted.bytes.total() == sum(row["bytes"] for row in rows)
    assert counted.tokens.total() == sum(row["tokens"] * row["epochs"] for row in rows if row["tokens"])


def test_the_ledger_says_the_same(counted: Survey, manifest: Manifest) -> None:
    for row in manifest.ledger.sources:
        for outcome, amount in row.outcomes.items():
            if outcome.split(":")[0] not in (Outcome.REJECTED, Outcome.NOT_SELECTED):
                cells = [cell for cell in counted.documents if cell.source == row.source and cell.outcome == outcome]
                assert sum(counted.documents[cell] for cell in cells) == amount.documents
                assert sum(counted.bytes[cell] for cell in cells) == amount.bytes
        assert sum(n for cell, n in counted.tokens.items() if cell.source == row.source) == row.placed_tokens


def test_histograms_hold_each_document_once(counted: Survey, rows: list[dict[str, Any]]) -> None:
    for (source, signal), found in counted.histograms.items():
        own = [row for row in rows if row["source"] == source]
        assert found.sum() == len(own)
        kept = [row[signal] for row in own if row["outcome"] == Outcome.KEPT]
        for value in set(kept):
            at = int(scale_of(signal).count(np.array([value], float)).argmax())
            assert found[0, at] > 0


def test_the_documents_around_a_threshold_are_the_nearest(
    counted: Survey, manifest: Manifest, rows: list[dict[str, Any]]
) -> None:
    compared = 0
    for source, rules in manifest.rules.items():
        for bit, rule in enumerate(rules):
            for fails in (False, True):
                expected = sorted(
                    (abs(row[rule.signal] - rule.threshold) / abs(rule.threshold), row["id"], row["key"])
                    for row in rows
                    if row["source"] == source and bool(row["hits"] >> bit & 1) == fails
                )[:AROUND]
                found = counted.around.get((source, rule.name, fails), [])
                assert [(one.id, one.key) for one in found] == [(document, key) for _, document, key in expected]
                compared += len(found)
    assert compared > 10


def test_samples_are_the_lowest_ids_of_each_outcome(counted: Survey, rows: list[dict[str, Any]]) -> None:
    for (source, outcome), found in counted.samples.items():
        ids = sorted(row["id"] for row in rows if (row["source"], row["outcome"]) == (source, outcome))
        assert [one.id for one in found] == ids[:SAMPLES]


def test_duplicates_are_counted_by_what_they_were_dropped_for(counted: Survey, rows: list[dict[str, Any]]) -> None:
    expected = Counter((row["kept_key"], row["outcome"]) for row in rows if row["kept_key"] is not None)
    assert counted.dropped == expected and expected


def test_lengths_are_of_kept_documents(counted: Survey, rows: list[dict[str, Any]]) -> None:
    for source, found in counted.lengths.items():
        assert found.shape == (TOKENS.bins,)
        assert found.sum() == sum(row["source"] == source and row["outcome"] == Outcome.KEPT for row in rows)
