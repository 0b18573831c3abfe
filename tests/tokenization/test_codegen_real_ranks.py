"""CodeGen's tokenizer over GPT-2's own ranks, against the library's pipeline of the same parts."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers

from buffers.texts import Texts
from tests.tokenization.gpt2_files import gpt2_files, library_form, tiktoken_form
from tokenization.codegen import build

SPECIALS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
OURS = build(*gpt2_files(), SPECIALS)


def codegen_of_the_library() -> Tokenizer:
    tokenizer = library_form(*gpt2_files())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    for count in range(31, 1, -1):
        tokenizer.add_tokens([AddedToken(" " * count, normalized=False)])
    for count in range(9, 1, -1):
        tokenizer.add_tokens([AddedToken("\t" * count, normalized=False)])
    tokenizer.add_special_tokens(["<|endoftext|>", *SPECIALS])
    tokenizer.encode_special_tokens = True
    return tokenizer


LIBRARY = codegen_of_the_library()
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
WHITE_SPACE += "\u2028\u2029\u202f\u205f\u3000"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\x1c\x1d\x1e\x1f\u180e"  # next to white space, but none
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'", "''", "\u2019s"]
EMOJI = ["🎉", "👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "👍🏽", "🇩🇪", "1\ufe0f\u20e3"]
MARKS = ["e\u0301", "\u0301", "n\u0303o", "ก็", "क्ष", "각", "\u1100\u1161"]
DIGITS = ["7", "42", "٣", "४२", "五", "½", "²", "Ⅷ", "\U0001d7d8"]
CONTROL = ["<|endoftext|>", *SPECIALS, "<|endoftext", "|>", "Ġ", "Ċ", "<s>"]
WORDS = [
    "def",
    "self",
    "é",
    "漢字",
    "ß",
    "_x",
    "(",
    "==",
    "\r\n",
    "  ",
    "\t\t",
    " " * 33,
    "\t" * 10,
    "𐍈",
    "\x01",
    "\x7f",
]

white_space = st.text(st.sampled_from(WHITE_SPACE + INVISIBLE), max_size=40)
mixed = st.lists(
    st.sampled_from([*WHITE_SPACE, *INVISIBLE, *CONTRACTIONS, *EMOJI, *MARKS, *DIGITS, *CONTROL, *WORDS]), max_size=60
).map("".join)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)


def ids_of(text: str) -> list[int]:
    return list(map(int, OURS.encode(Texts.from_list([text.encode()])).ids))


def test_ids_of_the_runs_and_the_special_tokens() -> None:
    assert OURS.separator_id == 50256 and OURS.size == 50298
    assert [ids_of(" " * count) for count in range(31, 1, -1)] == [[i] for i in range(50257, 50287)]
    assert [ids_of("\t" * count) for count in range(9, 1, -1)] == [[i] for i in range(50287, 50295)]
    assert [OURS.special_id(name) for name in SPECIALS] == [50295, 50296, 50297]
    assert OURS.decode(np.arange(50295, 50298, dtype=np.uint32)) == b""


def test_known_ids() -> None:
    assert ids_of("Hello world") == [15496, 995]
    assert ids_of("def f(x):\n    return x") == [4299, 277, 7, 87, 2599, 198, 50284, 7783, 2124]


def test_the_identity_does_not_depend_on_the_form_of_the_ranks() -> None:
    vocabulary, merges = gpt2_files()
    identities = {
        build(vocabulary, merges).identity,
        build(tiktoken_form(vocabulary)).identity,
        build(library_form(vocabulary, merges).to_str().encode()).identity,
        build(LIBRARY.to_str().encode()).identity,
    }
    assert identities == {"10e7d2828d5af904c6d1398ce7892c1862eaae00cf425a931bd99d48ff02d299"}


@given(st.lists(white_space | mixed | any_text, max_size=4))
def test_ids_are_the_librarys(documents: list[str]) -> None:
    encoded = OURS.encode(Texts.from_list([document.encode() for document in documents]))
    for i, document in enumerate(documents):
        assert encoded.document(i).tolist() == LIBRARY.encode(document, add_special_tokens=False).ids
        assert OURS.decode(encoded.document(i)) == document.encode()


def test_control_tokens_written_in_a_text_are_text() -> None:
    ids = ids_of("".join(f"{name} \t{name}  " for name in CONTROL))
    assert not {OURS.separator_id, *map(OURS.special_id, SPECIALS)} & set(ids)


@given(st.lists(st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"\x80")), max_size=4))
def test_bytes_that_are_no_text_come_back(documents: list[bytes]) -> None:
    encoded = OURS.encode(Texts.from_list(documents))
    assert [OURS.decode(encoded.document(i)) for i in range(len(documents))] == documents


@pytest.mark.parametrize("part", [" ", "a", "\n", "漢", "=", "ÃÂ", "\u00a0"])
def test_a_document_of_one_character(part: str) -> None:
    text = (part * (4_000_000 // len(part.encode()))).encode()
    assert OURS.decode(OURS.encode(Texts.from_list([text])).ids) == text


@pytest.mark.slow
def test_ids_of_the_standard_library_are_the_librarys() -> None:
    paths = sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))
    documents: list[bytes] = []
    size = 0
    for path in paths:
        content = path.read_bytes()
        if size < 12_000_000 and "site-packages" not in path.parts and is_text(content):
            documents.append(content)
            size += len(content)
    assert size > 5_000_000
    encoded = OURS.encode(Texts.from_list(documents))
    for first in range(0, len(documents), 64):
        batch = [document.decode() for document in documents[first : first + 64]]
        for i, encoding in enumerate(LIBRARY.encode_batch_fast(batch, add_special_tokens=False)):
            assert encoded.document(first + i).tolist() == encoding.ids, first + i


def is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False
