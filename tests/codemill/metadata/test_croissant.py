import csv
import json
import shutil
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codemill.metadata.croissant import croissant
from codemill.metadata.kept import Kept
from pipelines.snapshot.files import describe_file
from schemas.manifest import Manifest

pytestmark = [
    pytest.mark.slow,
    # mlcroissant's own: how it calls rdflib and pandas.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index:DeprecationWarning"),
]


def opened(snapshot: Path) -> Any:
    return mlcroissant.Dataset(str(snapshot / "croissant.json"))


def tables(snapshot: Path) -> pa.Table:
    """The rows of all tables, by the columns that all have."""
    parts = [pq.read_table(path) for path in sorted((snapshot / "documents").glob("*.parquet"))]
    common = [name for name in parts[0].schema.names if all(name in part.schema.names for part in parts)]
    return pa.concat_tables([part.select(common) for part in parts])


def plain(value: Any) -> Any:
    """A value of a table as mlcroissant gives it: text is bytes to it."""
    if isinstance(value, str):
        return value.encode()
    return value


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_it_is_valid_but_for_the_date_that_nobody_knows(which: str, request: pytest.FixtureRequest) -> None:
    issues = opened(request.getfixturevalue(which)).metadata.ctx.issues
    assert not issues.errors
    (warning,) = issues.warnings
    assert "datePublished" in warning


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_the_documents_can_be_iterated(which: str, request: pytest.FixtureRequest) -> None:
    published: Path = request.getfixturevalue(which)
    expected = tables(published).to_pylist()
    found = list(opened(published).records("documents"))
    assert len(found) == len(expected) > 150
    for record, row in zip(found, expected, strict=True):
        nested = {name: row.pop(name) for name in ("redacted", "benchmark_matches")}
        got = {name: record[f"documents/{name}"] for name in row}
        assert got == {name: plain(value) for name, value in row.items()}
        for name, items in nested.items():
            children = [{f"documents/{name}/{k}": plain(v) for k, v in item.items()} for item in items]
            assert record[f"documents/{name}"] == children
    assert which == "hostile" or any(record["documents/redacted"] for record in found)


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_the_attribution_can_be_iterated(which: str, request: pytest.FixtureRequest) -> None:
    published: Path = request.getfixturevalue(which)
    with open(published / "attribution.csv", newline="", encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    found = list(opened(published).records("attribution"))
    assert [{k.split("/")[1]: v for k, v in record.items()} for record in found] == [
        {k: (int(v) if v.isdigit() else v.encode() or None) for k, v in row.items()} for row in expected
    ]
    assert sum(record["attribution/documents"] for record in found) == tables(published)["outcome"].to_pylist().count(
        "kept"
    )


def test_a_file_that_was_changed_is_refused(snapshot: Path, tmp_path: Path) -> None:
    shutil.copytree(snapshot, tmp_path / "copy")
    path = tmp_path / "copy" / "attribution.csv"
    path.write_bytes(path.read_bytes().replace(b"mit", b"isc"))
    with pytest.raises(Exception, match="generation of the dataset") as caught:
        list(opened(tmp_path / "copy").records("attribution"))
    assert "is not identical" in str(caught.value.__cause__)


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_every_file_is_there_with_its_sum(which: str, request: pytest.FixtureRequest) -> None:
    published: Path = request.getfixturevalue(which)
    objects = [node for node in json.loads((published / "croissant.json").read_bytes())["distribution"]]
    files = {node["contentUrl"]: node for node in objects if node["@type"] == "cr:FileObject"}
    on_disk = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    assert files.keys() == on_disk - {"README.md", "croissant.json"}
    for name, node in files.items():
        described = describe_file(str(published / name))
        assert (node["contentSize"], node["sha256"]) == (f"{described.bytes} B", described.sha256)


@pytest.mark.parametrize("which", ["snapshot", "hostile"])
def test_file_sets_include_their_files(which: str, request: pytest.FixtureRequest) -> None:
    published: Path = request.getfixturevalue(which)
    from mlcroissant._src.operation_graph.operations.filter import match_path  # its own idea of a pattern

    sets = {n["@id"]: n for n in json.loads((published / "croissant.json").read_bytes())["distribution"]}
    sets = {name: node for name, node in sets.items() if node["@type"] == "cr:FileSet"}
    names = [path.relative_to(published) for path in published.rglob("*") if path.is_file()]
    for name, node in sets.items():
        assert any(match_path([node["includes"]], path) for path in names), name
    shards = [path for path in names if path.parts[0] == "shards"]
    for path in shards:
        assert sum(match_path([node["includes"]], path) for node in sets.values()) == 1


def test_many_files_are_left_to_the_file_sets(snapshot: Path, kept: Kept, manifest: Manifest, tmp_path: Path) -> None:
    own = {name: describe_file(str(snapshot / name)) for name in ("manifest.json", "attribution.csv")}
    shutil.copytree(snapshot, tmp_path / "copy")
    (tmp_path / "copy" / "croissant.json").write_bytes(croissant(kept, manifest, own, listed=5))
    dataset = opened(tmp_path / "copy")
    listed = {node.content_url for node in dataset.metadata.file_objects}
    assert listed == {"manifest.json", "attribution.csv", "rejects.parquet", "tokenizer/sentencepiece.model"}
    assert next(iter(dataset.records("documents")))["documents/source"] == b"pile"


def test_it_says_what_it_knows(snapshot: Path, manifest: Manifest) -> None:
    metadata = opened(snapshot).metadata
    assert metadata.version == f"0.0.0+{manifest.digest[:16]}"
    assert manifest.digest in metadata.cite_as
    assert metadata.license[0] == "https://spdx.org/licenses/MIT.html"
    assert metadata.license[1].name == "NOASSERTION"
    assert metadata.in_language == ["en"]
    assert any(
        "email replaced by placeholders, 1 place in 1 kept document" in p for p in metadata.data_preprocessing_protocol
    )
    assert any("Decontamination was off" in limit for limit in metadata.data_limitations)
    assert "Redaction was off for sources pile, github" in metadata.personal_sensitive_information[0]
    assert metadata.data_use_cases[0] == "Training: split train of stage nl"


def test_no_name_can_end_a_script(hostile: Path) -> None:
    content = (hostile / "croissant.json").read_text()
    assert "<" not in content
    assert "<script>alert(2)</script>\\n---" in json.loads(content)["rai:dataCollection"]
