from codemill.diff.inputs import compare_inputs
from schemas.ledger import Amount, Ledger, SourceRow
from schemas.manifest import Input, Manifest
from tests.codemill.diff.made import made_manifest


def manifest(units: dict[str, str], rejected: int = 0) -> Manifest:
    read = Amount(documents=len(units) + rejected, bytes=100)
    outcomes = {"rejected:not_utf8": Amount(documents=rejected), "kept": Amount(documents=len(units))}
    row = SourceRow(stage="s", source="one", read=read, outcomes=outcomes, tokens=0, placements=0, placed_tokens=0)
    inputs = tuple(
        Input(source="one", file=name, start=0, end=9, files=1, documents=1, bytes=1, sha256=sha)
        for name, sha in units.items()
    )
    return made_manifest([], [], ledger=Ledger(sources=(row,), splits=()), inputs=inputs)


def test_equal_inputs_are_not_listed() -> None:
    assert compare_inputs(manifest({"a": "1"}), manifest({"a": "1"})) == ()


def test_units_are_told_apart_by_place_and_content() -> None:
    (found,) = compare_inputs(manifest({"a": "1", "b": "2", "c": "3"}), manifest({"a": "1", "b": "9", "d": "3"}))
    assert (found.equal, found.changed, found.only_a, found.only_b) == (1, ("b [0:9]",), ("c [0:9]",), ("d [0:9]",))


def test_what_never_became_a_document_counts() -> None:
    (found,) = compare_inputs(manifest({"a": "1"}), manifest({"a": "1"}, rejected=2))
    assert found.dropped == {"rejected:not_utf8": (0, 2)} and found.b.documents == found.a.documents + 2


def test_a_source_that_one_lacks_is_empty_there() -> None:
    (found,) = compare_inputs(made_manifest([], []), manifest({"a": "1"}))
    assert found.a == Amount() and found.only_b == ("a [0:9]",)
