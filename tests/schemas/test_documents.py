from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import document_id, document_key, split_key

GOLDEN = "828e527928f815aeacff705cc6bfcc10"


def test_ids_are_stable() -> None:
    assert document_id("pile", "a.jsonl", "1", "").hex() == GOLDEN


def test_fields_do_not_run_together() -> None:
    assert document_id("a", "bc", "d", "") != document_id("ab", "c", "d", "")
    assert document_id("a", "b", "", "c") != document_id("a", "b", "c", "")


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_key_gives_back_block_and_row(block: int, row: int) -> None:
    assert split_key(document_key(block, row)) == (block, row)
