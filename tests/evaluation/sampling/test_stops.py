from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.sampling.stops import CODEGEN, FUNCTION, NOWHERE, Stops, at_patterns

PIECES = ("print", "pri", "def", "de", "#", "'", '"', "\n", "x", " ", "<|endoftext|>", "<|end", "class", "if", "é")
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def test_a_text_ends_before_the_first_pattern() -> None:
    assert FUNCTION.cut("    return 1\n\ndef g") == "    return 1\n"
    assert FUNCTION.cut("    if x:\n        print(1)\n") == "    if x:\n        print(1)\n"
    assert NOWHERE.cut("\ndef") == NOWHERE.settled("\ndef") == "\ndef"


def test_what_may_still_become_a_pattern_is_not_settled() -> None:
    stops = at_patterns("\n\n\n", "END")
    assert stops.settled("a\n") == "a"
    assert stops.settled("a\n\nb") == "a\n\nb"
    assert stops.settled("a\n\nEN") == "a\n\n"
    assert CODEGEN.settled("print(1)\npri") == "print(1)\n"
    assert CODEGEN.settled("x = 1\npri") == "x = 1\npri"  # one line of this kind is allowed


@pytest.mark.parametrize("stops", [CODEGEN, FUNCTION, at_patterns("x\n", "\nx")])
@given(texts, texts)
def test_nothing_settled_is_taken_back(stops: Stops, text: str, more: str) -> None:
    whole = stops.cut(text + more)
    assert whole.startswith(stops.settled(stops.cut(text)))
    if stops.cut(text) != text:
        assert whole == stops.cut(text)
