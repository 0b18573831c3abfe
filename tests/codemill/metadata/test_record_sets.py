import pyarrow as pa

from codemill.metadata.record_sets import attribution_records, document_records
from schemas.documents import FINAL_COLUMNS, ID_TYPE, REDACTED_TYPE


def test_fields_are_typed() -> None:
    schema = pa.schema([("id", ID_TYPE), ("longest_line", pa.int64()), ("redacted", REDACTED_TYPE), *FINAL_COLUMNS])
    fields = {field["name"]: field for field in document_records(schema)["field"]}
    assert list(fields) == schema.names
    assert fields["id"]["dataType"] == "sc:Text"
    assert "fixed_size_binary[16]" in fields["id"]["description"]
    assert fields["jaccard"]["dataType"] == "sc:Float"
    assert fields["kept_key"]["dataType"] == fields["longest_line"]["dataType"] == "sc:Integer"
    assert fields["longest_line"]["description"].startswith("A signal")


def test_a_list_of_structs_is_a_repeated_field() -> None:
    (field,) = document_records(pa.schema([("redacted", REDACTED_TYPE)]))["field"]
    assert field["repeated"] and "source" not in field
    assert [(child["@id"], child["source"]["transform"]) for child in field["subField"]] == [
        (f"documents/redacted/{name}", {"jsonPath": name}) for name in ("kind", "start", "end")
    ]


def test_the_attribution_has_texts_and_numbers() -> None:
    types = {field["name"]: field["dataType"] for field in attribution_records()["field"]}
    assert types["repository"] == "sc:Text" and types["tokens"] == "sc:Integer"
