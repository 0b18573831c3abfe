from itertools import chain

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.lexical import STYLES
from filtering.signals import FAMILIES, GIVEN_SIGNALS, SIGNALS, Batch, Columns, compute_signals

COMPUTED = [name for name in SIGNALS if name not in GIVEN_SIGNALS]
ALWAYS = list(chain.from_iterable(family.signals for family in FAMILIES.values() if family.always))
LANGUAGES = st.sampled_from([*sorted(STYLES), "english", "json", ""])


def compute(*documents: bytes, language: str = "python", path: str = "a/b.py") -> Columns:
    number = len(documents)
    return compute_signals(Batch(Texts.from_list(documents), [language] * number, [path] * number), COMPUTED)


def signals_of(document: bytes, language: str = "python", path: str = "a/b.py") -> dict[str, float]:
    return {name: values[0].item() for name, values in compute(document, language=language, path=path).items()}


def test_names_and_types_are_those_promised() -> None:
    signals = compute(b"a", b"", b"b\n")
    assert list(signals) == COMPUTED
    assert {name: values.dtype for name, values in signals.items()} == {name: SIGNALS[name] for name in COMPUTED}
    assert all(values.shape == (3,) for values in signals.values())
    assert pa.schema([(name, pa.from_numpy_dtype(kind)) for name, kind in SIGNALS.items()])


def test_families_come_where_a_signal_of_theirs_is_wanted() -> None:
    batch = Batch(Texts.from_list([b"x"]), ["c"], ["x.c"])
    assert list(compute_signals(batch)) == ALWAYS
    words = [*ALWAYS, *FAMILIES["words"].signals]
    assert list(compute_signals(batch, {"stop_words"})) == words
    assert list(compute_signals(batch, {"stop_words", "redactions", "lines"})) == words
    with pytest.raises(KeyError, match="stop_word"):
        compute_signals(batch, {"stop_word"})


def test_no_documents() -> None:
    assert all(values.shape == (0,) for values in compute().values())


def test_the_empty_text_is_zero_but_for_what_it_cannot_fail() -> None:
    signals = signals_of(b"", language="c")
    assert signals.pop("python_parses") == signals.pop("language_probability") == 1
    assert set(signals.values()) == {0}


def test_values_of_a_small_text() -> None:
    # 13 characters: "ab12", newline, "é G", carriage return, newline, "日", tab, space
    signals = signals_of("ab12\né G\r\n日\t ".encode())
    assert signals["characters"] == 13
    assert signals["lines"] == 3
    assert signals["mean_line_length"] == (4 + 3 + 3) / 3
    assert signals["longest_line"] == 4
    assert signals["digit_share"] == 2 / 13
    assert signals["hex_digit_share"] == 4 / 13
    assert signals["alphabetic_share"] == 5 / 13
    assert signals["alphanumeric_share"] == 7 / 13
    assert signals["whitespace_share"] == 6 / 13
    assert signals["non_ascii_share"] == 2 / 13


def test_values_of_a_small_program() -> None:
    program = b"# TODO\nimport os\n\ndef f():\n    pass\nprint('the end.')\n"
    signals = signals_of(program, path="vendor/x/f_pb2.py")
    assert signals["comment_share"] == 6 / len(program)
    assert signals["string_share"] == 10 / len(program)
    assert signals["words"] == 9
    assert signals["import_line_share"] == signals["pass_line_share"] == signals["todo_line_share"] == 1 / 5
    assert signals["definition_line_share"] == signals["print_line_share"] == 1 / 5
    assert signals["python_parses"] == 1
    assert signals["vendored"] == signals["generated_path"] == 1
    assert signals["visible_share"] == 1
    assert signals["duplicate_line_share"] == 0


@given(st.binary(max_size=300), LANGUAGES)
def test_every_signal_of_any_bytes_is_finite_and_shares_are_shares(document: bytes, language: str) -> None:
    for name, value in signals_of(document, language).items():
        assert np.isfinite(value) and value >= 0
        if name.endswith("_share") and document.isascii():
            assert value <= 1


@given(st.text(max_size=200), LANGUAGES)
def test_shares_of_text_never_exceed_one(text: str, language: str) -> None:
    signals = signals_of(text.encode("utf-8", "replace"), language)
    assert signals["characters"] == len(text)
    assert all(value <= 1 for name, value in signals.items() if name.endswith("_share"))
