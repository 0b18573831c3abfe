"""What a reader of Croissant can iterate over: the document tables and the attribution, field by field."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from codemill.metadata.attribution import NUMBERS, TEXTS
from codemill.metadata.distribution import DOCUMENTS, identity
from schemas.manifest import ATTRIBUTION_NAME

_DESCRIPTIONS = {
    "repository": "Repository, or input file where the source has none.",
    "path": "Path in the repository, or place in the input file.",
    "revision": "Commit or ref, where known.",
    "license": "SPDX identifier in lower case; empty where none is known.",
    "language": "Programming language told from the path, or what the source claims.",
    "subset": "Subset of the source, such as a pile_set_name.",
    "stars": "Stars of the repository, where known.",
    "copies": "Copies that the input counted.",
    "source": "Source of the build.",
    "id": "The document's id, the same in every build.",
    "raw_sha256": "SHA-256 of the text as it was read.",
    "sha256": "SHA-256 of the text after redaction.",
    "bytes": "Bytes of the text as it was read.",
    "redacted": "What was replaced: bytes of the text as it was read.",
    "benchmark_matches": "What is shared with benchmark problems: bytes of the text.",
    "hits": "Bit i is set where rule i of the source failed; the manifest lists the rules.",
    "verdict": "The first failed rule; empty where the document passed.",
    "shingles": "Distinct shingles of the text.",
    "outcome": "What became of the document.",
    "kept_key": "Key of the document that was kept in its place.",
    "kept_id": "Id of the document that was kept in its place.",
    "jaccard": "Verified similarity with that document.",
    "containment": "Share of the shingles that lie in that document.",
    "split": "Split that the document went to.",
    "epochs": "How often it is placed in the split's shards.",
    "tokens": "Tokens of the document, each counted once.",
}


def document_records(schema: pa.Schema) -> dict[str, Any]:
    """The record set of the document tables; a list of structs becomes a repeated field with fields in it."""
    return {
        "@type": "cr:RecordSet",
        "@id": "documents",
        "name": "documents",
        "description": "One record per harvested document, kept or not: where it is from, its signals, its outcome.",
        "field": [_field(field) for field in schema],
    }


def attribution_records() -> dict[str, Any]:
    """The record set of `attribution.csv`."""
    return {
        "@type": "cr:RecordSet",
        "@id": "attribution",
        "name": "attribution",
        "description": "Kept documents by stage, source, repository, subset and licence.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": identity("attribution", name),
                "name": name,
                "dataType": "sc:Text" if name in TEXTS else "sc:Integer",
                "source": {"fileObject": {"@id": identity(ATTRIBUTION_NAME)}, "extract": {"column": name}},
            }
            for name in (*TEXTS, *NUMBERS)
        ],
    }


def _field(field: pa.Field) -> dict[str, Any]:
    source = {"fileSet": {"@id": DOCUMENTS}, "extract": {"column": field.name}}
    name = identity("documents", field.name)
    known = _DESCRIPTIONS.get(field.name, "A signal, computed from the text.")
    described: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": field.name}
    if not pa.types.is_list(field.type):
        return described | {
            "description": f"{known} Parquet type {field.type}.",
            "dataType": _data_type(field.type),
            "source": source,
        }
    return described | {
        "description": known,
        "repeated": True,
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{child.name}",
                "name": child.name,
                "dataType": _data_type(child.type),
                "source": source | {"transform": {"jsonPath": child.name}},
            }
            for child in field.type.value_type
        ],
    }


def _data_type(type_: pa.DataType) -> str:
    """Croissant 1.0 has three atomic types that fit; a hash is text to it, and comes as bytes."""
    if pa.types.is_integer(type_):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(type_) else "sc:Text"
