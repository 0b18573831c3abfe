"""What becomes of a block's rows when duplicates and token ids are joined to them."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.snapshot.document_tables import final_table
from schemas.documents import DUPLICATE_SCHEMA, FINAL_COLUMNS, document_key

FATES = ("kept", "filtered", "exact_duplicate", "near_duplicate")
SURVIVOR = b"s" * 16


def joined(fates: list[str], block: int = 3) -> list[dict[str, object]]:
    rows = list(enumerate(fates))
    documents = pa.table({"row": range(len(fates)), "verdict": pa.array(["rule" * (f == "filtered") for f in fates])})
    evidence = {"kept_key": 7, "kept_id": SURVIVOR, "jaccard": 0.9, "containment": 0.8}
    duplicates = [{"key": document_key(block, i), "kind": f, **evidence} for i, f in rows if f.endswith("duplicate")]
    kept = [i for i, f in rows if f == "kept"]
    tokens = pa.table(
        {
            "row": pa.array(kept, pa.uint32()),
            "split": pa.array(["train"] * len(kept), pa.string()),
            "epochs": pa.array([2] * len(kept), pa.uint16()),
            "tokens": pa.array([10 + i for i in kept], pa.int64()),
        }
    )
    table = final_table(documents, pa.Table.from_pylist(duplicates, DUPLICATE_SCHEMA), tokens)
    assert table.schema.names == ["row", "verdict", *(name for name, _ in FINAL_COLUMNS)]
    found: list[dict[str, object]] = table.to_pylist()
    return found


@given(st.lists(st.sampled_from(FATES), max_size=12))
def test_every_row_has_its_own_outcome_evidence_and_tokens(fates: list[str]) -> None:
    for row, (fate, found) in enumerate(zip(fates, joined(fates), strict=True)):
        assert found["row"] == row
        assert found["outcome"] == ("filtered:rule" if fate == "filtered" else fate)
        duplicate = fate.endswith("duplicate")
        assert (found["kept_key"], found["kept_id"]) == ((7, SURVIVOR) if duplicate else (None, None))
        assert (found["split"], found["tokens"]) == (("train", 10 + row) if fate == "kept" else (None, None))


def test_an_empty_block_has_the_columns_too() -> None:
    assert joined([]) == []
