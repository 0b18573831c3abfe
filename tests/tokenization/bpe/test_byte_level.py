import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

from buffers.texts import Texts
from tests.corpus import prose_text, python_text
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization.bpe.byte_level import byte_characters, byte_level_encoder, piece_bytes
from tokenization.codegen import build
from tokenization.hf_json import HfJsonTokenizer


def test_the_characters_are_the_librarys() -> None:
    assert sorted(byte_characters()) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(byte_characters().values()) == list(range(256))


def test_each_byte_has_the_character_that_the_library_writes() -> None:
    byte_of = byte_characters()
    text = "".join(map(chr, range(1, 0x250))) + "漢🎉"
    written = "".join(piece for piece, _ in pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text))
    assert bytes(byte_of[character] for character in written) == text.encode()


def test_added_tokens_are_their_text_and_special_ones_nothing() -> None:
    tokenizer: HfJsonTokenizer = build(*gpt2_like_files())
    library = Tokenizer.from_str(tokenizer._data.decode())
    pieces = piece_bytes(library, tokenizer.size + 1)
    assert pieces is not None
    assert pieces[tokenizer.separator_id] == b"" and pieces[tokenizer.size] == b""
    assert pieces[library.encode(" " * 31).ids[0]] == b" " * 31


def test_other_tokenizers_have_no_bytes() -> None:
    assert piece_bytes(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), 1) is None


def library_tokenizer(*, runs: bool) -> Tokenizer:
    tokenizer = Tokenizer.from_str(build(*gpt2_like_files())._data.decode())
    tokenizer.encode_special_tokens = True
    if runs:
        return tokenizer
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["special"]]
    bare = Tokenizer.from_str(json.dumps(file))
    bare.encode_special_tokens = True
    return bare


LIBRARIES = {runs: library_tokenizer(runs=runs) for runs in (False, True)}
ENCODERS = {runs: byte_level_encoder(library) for runs, library in LIBRARIES.items()}
PARTS = [*"aé漢🎉1'_(\u00a0\u2028\u0301\r", "def ", "self", "'s", "'ll", "  ", "\t\t", "\n", "<|endoftext|>", " " * 33]
whitespace_heavy = st.lists(st.sampled_from(PARTS), max_size=60).map("".join)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


def encoded(runs: bool, documents: list[str]) -> list[list[int]]:
    encoder = ENCODERS[runs]
    assert encoder is not None
    batch = encoder.encode(Texts.from_list([document.encode() for document in documents]))
    return [batch.document(i).tolist() for i in range(len(documents))]


@pytest.mark.parametrize("runs", [False, True])
@given(documents=st.lists(whitespace_heavy | any_text, max_size=4))
def test_ids_are_the_librarys(runs: bool, documents: list[str]) -> None:
    assert encoded(runs, documents) == [LIBRARIES[runs].encode(document).ids for document in documents]


@pytest.mark.parametrize("runs", [False, True])
def test_ids_of_longer_texts_are_the_librarys(runs: bool) -> None:
    draw = random.Random(1)
    documents = [text(i) for i in range(20) for text in (python_text, prose_text)]
    documents += ["".join(draw.choice(PARTS) for _ in range(5000)), "a" * 30_000, " " * 30_000, "ab" * 9_000, ""]
    assert encoded(runs, documents) == [LIBRARIES[runs].encode(document).ids for document in documents]


@pytest.mark.parametrize("runs", [False, True])
@pytest.mark.parametrize("part", ["\n{}", "{}x", "\u0101{}"])
def test_words_of_many_ids_are_the_librarys_each_time_they_occur(runs: bool, part: str) -> None:
    documents = [part.format(filling * count) * 3 for count in range(45) for filling in (" ", "\x01", "é", "\u0251")]
    expected = [LIBRARIES[runs].encode(document).ids for document in documents]
    assert encoded(runs, documents) == expected
    assert encoded(runs, documents[::-1]) == expected[::-1]


def changed(part: str, name: str, value: Any) -> Tokenizer:
    file = json.loads(LIBRARIES[True].to_str())
    file[part][name] = value
    return Tokenizer.from_str(json.dumps(file))


def with_added(token: AddedToken) -> Tokenizer:
    tokenizer = Tokenizer.from_str(LIBRARIES[True].to_str())
    tokenizer.add_tokens([token])
    return tokenizer


def normalising() -> Tokenizer:
    tokenizer = Tokenizer.from_str(LIBRARIES[True].to_str())
    tokenizer.normalizer = normalizers.NFC()
    return tokenizer


@pytest.mark.parametrize(
    "tokenizer",
    [
        changed("pre_tokenizer", "add_prefix_space", True),
        changed("pre_tokenizer", "use_regex", False),
        changed("model", "ignore_merges", True),
        changed("model", "dropout", 0.1),
        with_added(AddedToken("def", normalized=False)),
        with_added(AddedToken("<a  b>", special=True, normalized=False)),
        with_added(AddedToken(" " * 33, normalized=False)),
        with_added(AddedToken(" " * 32, lstrip=True, normalized=False)),
        normalising(),
        Tokenizer(models.WordLevel({"a": 0}, unk_token="a")),
        Tokenizer(models.BPE({"a": 0}, [])),
    ],
)
def test_other_kinds_have_no_encoder(tokenizer: Tokenizer) -> None:
    assert byte_level_encoder(tokenizer) is None
