import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.signals import SIGNALS, compute_signals


def signals_of(document: bytes) -> dict[str, float]:
    return {name: values[0].item() for name, values in compute_signals(Texts.from_list([document])).items()}


def test_names_and_types_are_those_promised() -> None:
    signals = compute_signals(Texts.from_list([b"a", b"", b"b\n"]))
    assert {name: values.dtype for name, values in signals.items()} == SIGNALS
    assert list(signals) == list(SIGNALS)
    assert all(values.shape == (3,) for values in signals.values())
    assert pa.schema([(name, pa.from_numpy_dtype(kind)) for name, kind in SIGNALS.items()])


def test_no_documents() -> None:
    assert all(values.shape == (0,) for values in compute_signals(Texts.from_list([])).values())


def test_the_empty_text_is_zero_throughout() -> None:
    assert set(signals_of(b"").values()) == {0}


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


@given(st.binary(max_size=300))
def test_every_signal_of_any_bytes_is_finite_and_shares_are_shares(document: bytes) -> None:
    for name, value in signals_of(document).items():
        assert np.isfinite(value) and value >= 0
        if name.endswith("_share") and document.isascii():
            assert value <= 1


@given(st.text(max_size=200))
def test_shares_of_text_never_exceed_one(text: str) -> None:
    signals = signals_of(text.encode())
    assert signals["characters"] == len(text)
    assert all(value <= 1 for name, value in signals.items() if name.endswith("_share"))
