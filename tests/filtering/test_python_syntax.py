import sys

import numpy as np
import pytest

from buffers.texts import Texts
from filtering.python_syntax import GRAMMAR, python_parses


def test_parses_python_and_leaves_other_languages_alone() -> None:
    texts = Texts.from_list([b"x = 1\n", b"print 'two'\n", b"x = (\n", b"print 'two'\n", "é = '\\d'\n".encode()])
    languages = ["python", "python", "python", "ruby", "python"]
    assert python_parses(texts, languages).tolist() == [1, 0, 0, 1, 1]


def test_a_parser_that_gives_up_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(source: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr("ast.parse", give_up)
    assert np.isnan(python_parses(Texts.from_list([b"x"]), ["python"])).all()


def test_deep_nesting_does_not_end_the_process() -> None:
    nested = b"(" * 100_000 + b")" * 100_000
    assert python_parses(Texts.from_list([nested, b"-" * 500_000 + b"1"]), ["python"] * 2)[0] != 1


def test_the_grammar_is_named() -> None:
    assert ".".join(map(str, sys.version_info[:2])) == GRAMMAR
