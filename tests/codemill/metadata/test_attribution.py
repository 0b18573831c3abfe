import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemill.metadata.attribution import attribution_csv, guarded, unguarded
from codemill.metadata.kept import Kept
from schemas.manifest import Manifest
from tests.codemill.metadata.conftest import HOSTILE

TEXTS = st.one_of(st.text(), st.text(alphabet="=+-@'\t\r\n \",;ax\uff1d"))


@given(TEXTS)
def test_what_was_guarded_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(TEXTS)
def test_no_cell_begins_a_formula(text: str) -> None:
    for cell in re.split(r"[,;\t\r\n\"]", guarded(text)):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_./-]*", fullmatch=True))
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert guarded(name) == name


@given(st.lists(TEXTS, min_size=2, max_size=2))
def test_different_names_stay_different(names: list[str]) -> None:
    assert (guarded(names[0]) == guarded(names[1])) == (names[0] == names[1])


@pytest.mark.slow
def test_rows_add_up_to_the_ledger(kept: Kept, manifest: Manifest) -> None:
    content = b"".join(attribution_csv(kept, manifest)).decode()
    assert content.count("\r\n") == content.count("\n")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    for source in manifest.ledger.sources:
        own = [row for row in rows if row["source"] == source.source]
        assert {row["stage"] for row in own} == {source.stage}
        assert sum(int(row["documents"]) for row in own) == source.outcomes["kept"].documents
        assert sum(int(row["bytes"]) for row in own) == source.outcomes["kept"].bytes
        assert sum(int(row["tokens"]) for row in own) == source.tokens


@pytest.mark.slow
def test_there_is_a_row_for_each_repository_or_subset(kept: Kept, manifest: Manifest) -> None:
    rows = list(csv.DictReader(io.StringIO(b"".join(attribution_csv(kept, manifest)).decode(), newline="")))
    named = [(row["source"], row["repository"], row["subset"], row["license"]) for row in rows]
    assert named == [
        ("pile", "", "Made", ""),
        *(("github", f"owner/repo-{i}", "", "mit") for i in range(7)),
        ("tree", "project", "", ""),  # its LICENSE is cut short
    ]


@pytest.mark.slow
def test_hostile_names_come_back(hostile: object) -> None:
    with open(f"{hostile}/attribution.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {unguarded(row["repository"]) for row in rows} | {unguarded(row["subset"]) for row in rows}
    assert set(HOSTILE) <= names
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
