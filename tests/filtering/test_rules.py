import math
import operator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from filtering.rules import evaluate, failed_rules, verdicts
from schemas.errors import CodemillError
from schemas.rules import COMPARISONS, Rule

LANGUAGES = ("python", "c", "")
OPERATORS = dict(zip(COMPARISONS, (operator.lt, operator.le, operator.gt, operator.ge), strict=True))
VALUES = st.sampled_from([0.0, 0.5, 1.0, math.nan, math.inf, -math.inf])
NUMBERS = st.sampled_from([0.0, 0.5, 1.0])


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    return [
        Rule(
            name=f"rule_{i}",
            signal=draw(st.sampled_from(["digit_share", "lines"])),
            languages=draw(st.none() | st.lists(st.sampled_from(LANGUAGES), max_size=2).map(tuple)),
            thresholds=draw(st.dictionaries(st.sampled_from(LANGUAGES), NUMBERS, max_size=2)),
            **{draw(st.sampled_from(COMPARISONS)): draw(NUMBERS)},
        )
        for i in range(draw(st.integers(0, 4)))
    ]


def plain_failed(rules: list[Rule], signals: dict[str, float], language: str) -> int:
    failed = 0
    for bit, rule in enumerate(rules):
        if rule.languages is not None and language not in rule.languages:
            continue
        value, threshold = signals[rule.signal], rule.thresholds.get(language, rule.threshold)
        if not math.isfinite(value) or not OPERATORS[rule.comparison](value, threshold):
            failed |= 1 << bit
    return failed


@given(rules(), st.lists(st.tuples(VALUES, VALUES, st.sampled_from(LANGUAGES)), max_size=6))
def test_equals_the_plain_rules(rules: list[Rule], documents: list[tuple[float, float, str]]) -> None:
    signals = {
        "digit_share": np.array([shares for shares, _, _ in documents], np.float64),
        "lines": np.array([lines for _, lines, _ in documents], np.float64),
    }
    languages = [language for _, _, language in documents]
    expected = [
        plain_failed(rules, {"digit_share": share, "lines": lines}, language) for share, lines, language in documents
    ]
    for given_languages in (languages, pa.array(languages, pa.string()), np.array(languages, object)):
        failed = evaluate(rules, signals, given_languages)
        assert failed.dtype == np.uint64
        assert failed.tolist() == expected


def lines_rule(name: str = "lines", **more: Any) -> Rule:
    return Rule(name=name, signal="lines", **({"at_least": 2} | more))


def lines(*values: float) -> dict[str, NDArray[np.float64]]:
    return {"lines": np.array(values)}


def test_a_signal_that_is_not_a_number_never_passes() -> None:
    for comparison in COMPARISONS:
        rule = Rule.model_validate({"name": "r", "signal": "lines", comparison: 0.0})
        assert evaluate([rule], lines(math.nan, math.inf, -math.inf), [""] * 3).tolist() == [1, 1, 1]


def test_languages_may_be_chunked_encoded_or_null() -> None:
    rule = lines_rule(languages=("c",))
    chunked = pa.chunked_array([["c"], [None, "go"]], pa.string())
    assert evaluate([rule], lines(1, 1, 1), chunked).tolist() == [1, 0, 0]
    encoded = pa.array(["go", "c", None]).dictionary_encode()
    assert evaluate([rule], lines(1, 1, 1), encoded).tolist() == [0, 1, 0]
    assert evaluate([lines_rule()], lines(1), pa.array([None], pa.string())).tolist() == [1]


def test_sixty_four_rules_fill_the_map() -> None:
    many = [lines_rule(f"rule_{i}") for i in range(64)]
    assert evaluate(many, lines(1, 2), ["", ""]).tolist() == [2**64 - 1, 0]
    with pytest.raises(CodemillError, match="at most 64"):
        evaluate([*many, lines_rule("one_more")], lines(1), [""])


def test_an_unknown_signal_is_refused_with_the_nearest() -> None:
    with pytest.raises(CodemillError) as caught:
        evaluate([Rule(name="r", signal="mean_line_lenght", below=1)], {}, [])
    assert "'mean_line_lenght'" in str(caught.value)
    assert "mean_line_length" in str(caught.value)


def test_equal_names_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(CodemillError, match="'lines'"):
        evaluate([lines_rule(), lines_rule()], lines(1), [""])
    with pytest.raises(ValueError, match="2 documents"):
        evaluate([lines_rule()], lines(1), ["", ""])


def test_failed_rules_names_the_bits() -> None:
    named = [lines_rule(name) for name in ("first", "second", "third")]
    assert failed_rules(named, 0b101) == ["first", "third"]
    assert failed_rules(named, 0) == []


def test_verdicts_name_the_first_failed_rule_and_tell_errors() -> None:
    named = [lines_rule("first"), Rule(name="second", signal="digit_share", at_most=0.5)]
    signals = {"lines": np.array([1, 2, math.nan, 3, 1]), "digit_share": np.array([0.9, 0.9, 0.9, 0.1, math.nan])}
    failed = evaluate(named, signals, [""] * 5)
    assert verdicts(named, signals, failed).to_pylist() == ["first", "second", "first:error", "", "first"]
    assert verdicts([], {}, np.zeros(2, np.uint64)).to_pylist() == ["", ""]


def test_a_broken_signal_does_not_touch_languages_that_the_rule_leaves_alone() -> None:
    rule = lines_rule(languages=("c",))
    failed = evaluate([rule], lines(math.nan, math.nan), ["go", "c"])
    assert verdicts([rule], lines(math.nan, math.nan), failed).to_pylist() == ["", "lines:error"]
