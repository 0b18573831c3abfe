"""One unit: read it, and write its blocks, its rejects and its marker."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa

from pipelines.documents.document_table import Treatment, documents_table
from pipelines.sources import FileRejected, RejectRow, Skipped, read
from pipelines.sources.unit import Unit
from pipelines.tables import write_table
from pipelines.workspace import Dataset, write_json
from schemas.documents import REJECT_SCHEMA
from schemas.ledger import Amount, merge_outcomes
from schemas.reasons import Outcome
from schemas.sources import FileSourceConfig


def harvest_unit(
    unit: Unit, source: FileSourceConfig, treatment: Treatment, stage: str, dataset: Dataset
) -> dict[str, Any]:
    """Read one unit, write its blocks, rejects and marker; returns the marker.

    A file rejected half way takes its unit's earlier blocks with it: the marker then lists none.
    """
    identity = unit.identity()
    blocks: list[tuple[str, int, int]] = []
    rejects: list[RejectRow] = []
    skipped = Amount()
    content = hashlib.sha256()
    read_documents = Amount()
    rejected_file = None
    try:
        for element in read(unit, source):
            if isinstance(element, RejectRow):
                rejects.append(element)
            elif isinstance(element, Skipped):
                skipped += Amount(documents=element.documents, bytes=element.bytes)
            else:
                name = f"{identity}-{len(blocks):05d}.parquet"
                table = documents_table(element, treatment)
                write_table(dataset.path("blocks", name), table)
                size = int(table["bytes"].combine_chunks().to_numpy().sum())
                blocks.append((name, table.num_rows, size))
                read_documents += Amount(documents=table.num_rows, bytes=size)
                for digest in table["raw_sha256"].to_pylist():
                    content.update(digest)
    except FileRejected as rejected:
        rejected_file = unit.files[0].relative
        rejects = [
            RejectRow(rejected_file, rejected.place, rejected.reason, rejected.detail, unit.files[0].size),
        ]
        blocks, skipped, read_documents, content = [], Amount(), Amount(), hashlib.sha256()
    outcomes = merge_outcomes(
        [
            *({Outcome.REJECTED.because(r.reason): Amount(documents=1, bytes=r.bytes)} for r in rejects),
            {Outcome.NOT_SELECTED.value: skipped} if skipped.documents else {},
        ]
    )
    if rejects:
        write_table(dataset.path("rejects", f"{identity}.parquet"), _rejects_table(rejects, stage, unit.source))
    marker: dict[str, Any] = {
        "unit": identity,
        "stage": stage,
        "source": unit.source,
        "file": unit.files[0].relative,
        "start": unit.start,
        "end": unit.end,
        "files": len(unit.files),
        "rejected_file": rejected_file,
        "blocks": blocks,
        "documents": read_documents.documents,
        "bytes": read_documents.bytes,
        "outcomes": {name: amount.model_dump() for name, amount in outcomes.items()},
        "rejects": len(rejects),
        "sha256": content.hexdigest(),
    }
    write_json(dataset.path("units", f"{identity}.json"), marker)
    return marker


def _rejects_table(rows: list[RejectRow], stage: str, source: str) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "stage": stage,
                "source": source,
                "file": row.file,
                "place": row.place,
                "reason": str(row.reason),
                "detail": row.detail,
                "bytes": row.bytes,
            }
            for row in rows
        ],
        REJECT_SCHEMA,
    )
