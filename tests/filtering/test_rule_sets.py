import pytest

from buffers.texts import Texts
from filtering.rule_sets import load_rule_set, rule_set_names
from filtering.rules import evaluate, failed_rules
from filtering.signals import Batch, compute_signals
from schemas.errors import CodemillError


def batch(document: bytes) -> Batch:
    return Batch(Texts.from_list([document]), ["python"], ["a.py"])


def failed(document: bytes) -> list[str]:
    rules = load_rule_set("codegen")
    return failed_rules(rules, evaluate(rules, compute_signals(batch(document)), ["python"])[0])


def test_codegen_keeps_and_drops_at_the_papers_limits() -> None:
    assert failed(b"import os\n") == []
    assert failed(b"") == []
    assert failed(b"x" * 99) == []
    assert failed(b"x" * 100) == ["mean_line_length"]
    assert failed(b"x\n" * 20 + b"x" * 1000) == []
    assert failed(b"x\n" * 20 + b"x" * 1001) == ["longest_line"]
    assert failed(b"1" * 9 + b"x") == []
    assert failed(b"1" * 19 + b"x") == ["decimal_digits", "hexadecimal_digits"]
    assert failed(b"a1" * 19 + b"x") == ["hexadecimal_digits"]


def test_limits_are_in_characters() -> None:
    assert failed("é".encode() * 99) == []
    assert failed("é".encode() * 100) == ["mean_line_length"]


def test_every_shipped_set_loads() -> None:
    assert "codegen" in rule_set_names()
    for name in rule_set_names():
        assert isinstance(load_rule_set(name), tuple)


@pytest.mark.parametrize("name", ["codegn", "../rule_sets/codegen", ""])
def test_an_unknown_name_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(CodemillError, match=r"there is no rule set .*choose from .*codegen"):
        load_rule_set(name)
