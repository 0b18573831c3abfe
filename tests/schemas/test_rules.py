import pytest
from pydantic import ValidationError

from schemas.rules import COMPARISONS, Rule


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_a_rule_knows_its_one_comparison(comparison: str) -> None:
    rule = Rule.model_validate({"name": "r", "signal": "lines", comparison: 0})
    assert (rule.comparison, rule.threshold) == (comparison, 0.0)


@pytest.mark.parametrize("given", [{}, {"below": 1, "above": 0}, {"at_most": 1, "at_least": 1}])
def test_none_and_two_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="rule 'r' needs exactly one of below, at_most, above, at_least"):
        Rule.model_validate({"name": "r", "signal": "lines", **given})


def test_a_condition_is_told_in_words() -> None:
    rule = Rule(name="r", signal="longest_line", at_most=1000, thresholds={"xml": 2000, "html": 100000})
    assert rule.condition == "longest_line at most 1000, 100000 for html, 2000 for xml"
    assert Rule(name="r", signal="words", above=0.5).condition == "words above 0.5"
