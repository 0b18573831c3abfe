import pytest

from schemas.ledger import Amount, Ledger, SourceRow, SplitRow, merge_outcomes

ROW = SourceRow(
    stage="mono",
    source="github",
    read=Amount(documents=10, bytes=1000),
    outcomes={
        "kept": Amount(documents=6, bytes=700),
        "filtered:longest_line": Amount(documents=3, bytes=200),
        "rejected:nul_byte": Amount(documents=1, bytes=100),
    },
    tokens=90,
    placements=6,
    placed_tokens=90,
)
# Two shards of context 16, 4 + 4 records: 98 ids in their streams, 2 of them first.
SPLIT = SplitRow(
    stage="mono",
    split="train",
    documents=6,
    document_tokens=90,
    rewritten=1,
    separators=7,
    cut_rewritten=1,
    records=8,
    first_ids=2,
    padding=8 * 16 + 2 - 98,
)


def problems(row: SourceRow = ROW, split: SplitRow = SPLIT) -> list[str]:
    return Ledger(sources=(row,), splits=(split,)).imbalances(16)


def test_a_balanced_ledger_has_no_problems() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"read": Amount(documents=11, bytes=1000)}, "read 11 documents"),
        ({"read": Amount(documents=10, bytes=1001)}, "1001 bytes"),
        ({"placed_tokens": 91}, "91 tokens to place, 90 in the shards"),
        ({"placements": 7}, "7 documents to place, 6 in the shards"),
    ],
)
def test_a_document_byte_or_token_too_many_is_named(change: dict[str, object], words: str) -> None:
    (problem,) = problems(row=ROW.model_copy(update=change))
    assert words in problem and "mono" in problem


@pytest.mark.parametrize("field", [name for name, kind in SplitRow.__annotations__.items() if kind == "int"])
def test_any_split_figure_off_by_one_is_found(field: str) -> None:
    assert problems(split=SPLIT.model_copy(update={field: getattr(SPLIT, field) + 1}))


def test_merged_outcomes_do_not_depend_on_order() -> None:
    parts = [{"kept": Amount(documents=1, bytes=5)}, {"filtered:x": Amount(documents=2)}, {"kept": Amount(bytes=1)}]
    assert list(merge_outcomes(parts).items()) == list(merge_outcomes(parts[::-1]).items())
    assert merge_outcomes(parts)["kept"] == Amount(documents=1, bytes=6)
