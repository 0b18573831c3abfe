import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from schemas.config import FillInTheMiddleConfig
from schemas.errors import CodemillError
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization.codegen import build
from tokenization.packing.fill_in_the_middle import FillInTheMiddle, Rewritten
from tokenization.packing.records import Form

CONFIG = FillInTheMiddleConfig(rate=1.0)
TOKENIZER = build(*gpt2_like_files(), specials=CONFIG.tokens)
PREFIX, SUFFIX, MIDDLE = (TOKENIZER.special_id(name) for name in CONFIG.tokens)
ALWAYS = FillInTheMiddle(TOKENIZER, CONFIG)
texts = st.text(st.sampled_from("ab 1\n\té漢🙂<|>fimprefx_"), min_size=1, max_size=80)


def encode(text: str) -> np.ndarray:
    return TOKENIZER.encode(Texts.from_list([text.encode()])).ids


def parts(found: Rewritten) -> tuple[bytes, bytes, bytes]:
    """(prefix, middle, suffix) of a rewritten piece; prefix and middle are not told apart where they stand together."""
    ids = found.ids.tolist()
    assert [i for i in ids if i in (PREFIX, SUFFIX, MIDDLE)] == [PREFIX, SUFFIX, MIDDLE]
    assert ids[0] == PREFIX
    suffix, middle = ids.index(SUFFIX), ids.index(MIDDLE)
    between = [found.ids[1:suffix], found.ids[suffix + 1 : middle], found.ids[middle + 1 :]]
    prefix_text, suffix_text, middle_text = map(TOKENIZER.decode, between)
    assert prefix_text == b"" or found.form == Form.PREFIX_SUFFIX_MIDDLE
    return prefix_text, middle_text, suffix_text


@given(texts, st.integers(0, 120), st.integers(0, 2**64 - 1), st.integers(0, 5))
def test_a_rewritten_piece_is_the_beginning_of_the_text_and_fits(text: str, room: int, hashed: int, first: int) -> None:
    ids = encode(text)
    found = ALWAYS.rewrite(ids, room, np.uint64(hashed), first)
    if found is None:
        assert room < 12 or not ids.size
        return
    assert found.ids.size + 1 <= room and 0 < found.tokens <= ids.size
    prefix, middle, suffix = parts(found)
    whole = TOKENIZER.decode(ids[: found.tokens])
    assert prefix + middle + suffix == whole
    whole.decode()  # cut between characters
    for part in (prefix, middle, suffix):
        part.decode()


@given(texts, st.integers(0, 2**64 - 1))
def test_parts_are_tokenised_alone(text: str, hashed: int) -> None:
    found = ALWAYS.rewrite(encode(text), 1000, np.uint64(hashed), 0)
    assert found is not None and found.tokens == encode(text).size
    prefix, middle, suffix = parts(found)
    if found.form == Form.PREFIX_SUFFIX_MIDDLE:
        expected = [
            PREFIX,
            *encode(prefix.decode()),
            SUFFIX,
            *encode(suffix.decode()),
            MIDDLE,
            *encode(middle.decode()),
        ]
        assert found.ids.tolist() == expected


def test_rates_and_forms_are_what_was_asked_for() -> None:
    ids = encode("def f(x):\n    return x + 1\n" * 3)
    some = FillInTheMiddle(TOKENIZER, FillInTheMiddleConfig(rate=0.3, spm_share=0.8))
    found = [some.rewrite(ids, 1000, np.uint64(n * 0x9E3779B97F4A7C15 % 2**64), n % 7) for n in range(3000)]
    rewritten = [one for one in found if one is not None]
    assert abs(len(rewritten) / 3000 - 0.3) < 0.03
    assert abs(sum(one.form == Form.SUFFIX_PREFIX_MIDDLE for one in rewritten) / len(rewritten) - 0.8) < 0.05
    lengths = [len(parts(one)[2]) for one in rewritten]
    assert min(lengths) <= 2 and max(lengths) > 50, "cuts are anywhere"


def test_the_same_key_gives_the_same_piece() -> None:
    ids = encode("one two three four")
    first, second = (ALWAYS.rewrite(ids, 100, np.uint64(5), 3) for _ in range(2))
    assert first is not None and second is not None and first.ids.tolist() == second.ids.tolist()


def test_a_piece_within_a_character_is_left_alone() -> None:
    ids = encode("🙂 and more text behind it")
    assert ALWAYS.rewrite(ids, 100, np.uint64(1), 0) is not None
    assert TOKENIZER.decode(ids[1:2])[0] & 0xC0 == 0x80
    assert ALWAYS.rewrite(ids[1:], 100, np.uint64(1), 1) is None


def test_a_tokenizer_without_the_special_tokens_is_refused() -> None:
    with pytest.raises(CodemillError, match=r"<\|fim_prefix\|>.*fill in|special token"):
        FillInTheMiddle(build(*gpt2_like_files()), CONFIG)
