from __future__ import annotations

import base64
import json

import pytest

from schemas.errors import CodemillError
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tests.tokenization.gpt2_files import gpt2_files, library_form, tiktoken_form
from tokenization.bpe.gpt2_ranks import read_ranks

VOCABULARY, MERGES = gpt2_like_files()
TIKTOKEN = tiktoken_form(VOCABULARY)


def test_the_forms_say_the_same() -> None:
    expected = read_ranks(VOCABULARY, MERGES)
    assert expected.ids == json.loads(VOCABULARY) and len(expected.merges) == len(expected.ids) - 257
    assert read_ranks(TIKTOKEN) == expected
    assert read_ranks(library_form(VOCABULARY, MERGES).to_str().encode()) == expected


def test_merges_of_gpt2_are_recovered_from_its_ranks() -> None:
    vocabulary, merges = gpt2_files()
    found = read_ranks(tiktoken_form(vocabulary))
    lines = merges.decode().split("\n")
    assert [" ".join(pair) for pair in found.merges] == [x for x in lines if x and not x.startswith("#version")]
    assert found.ids == json.loads(vocabulary)


def test_line_ends_of_other_systems_and_merges_as_words_are_read() -> None:
    expected = read_ranks(VOCABULARY, MERGES)
    assert read_ranks(VOCABULARY, MERGES.replace(b"\n", b"\r\n")) == expected
    assert read_ranks(TIKTOKEN.replace(b"\n", b"\r\n")) == expected
    file = json.loads(library_form(VOCABULARY, MERGES).to_str())
    file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
    assert read_ranks(json.dumps(file).encode()) == expected


def test_a_separator_that_only_the_added_tokens_hold_is_found() -> None:
    file = json.loads(library_form(VOCABULARY, MERGES).to_str())
    place = file["model"]["vocab"].pop("<|endoftext|>")
    file["added_tokens"] = [{"id": place, "content": "<|endoftext|>", "special": True}]
    assert read_ranks(json.dumps(file).encode()) == read_ranks(VOCABULARY, MERGES)


def tiktoken_lines(*more: bytes) -> bytes:
    tokens = [bytes([byte]) for byte in range(256)] + list(more)
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(tokens))


def test_a_tokens_last_merge_is_found_by_the_ranks_before_it() -> None:
    ranks = read_ranks(tiktoken_lines(b"bc", b"ab", b"abc", b"abcbc"))
    assert ranks.merges == [("b", "c"), ("a", "b"), ("a", "bc"), ("abc", "bc")]


@pytest.mark.parametrize(
    ("vocabulary", "merges", "words"),
    [
        (b"[1", None, "line 1 is not a token"),
        (b"{1", None, "not a byte-level BPE"),
        (b"\xff\xfe", b"", "needs no merges"),
        (TIKTOKEN, MERGES, "needs no merges"),
        (VOCABULARY, None, "says nothing about merges"),
        (b'{"a": 0}', b"", "lacks single bytes"),
        (b'{"a": "b"}', b"a", "not enough values"),
        (json.dumps(json.loads(VOCABULARY) | {"<|endoftext|>": 9_000}).encode(), MERGES, "skips ids"),
        (VOCABULARY, MERGES + b"zz zz\n", "'zz' and 'zz'"),
        (tiktoken_lines(b"abc"), None, "no merges make the token of rank 256"),
        (TIKTOKEN + b"YQ==\n", None, "is not a token in Base64"),
        (b'{"model": {"type": "Unigram", "vocab": []}}', None, "a model of type Unigram"),
        (b'{"model": {"vocab": {}}}', None, "'merges'"),
        (json.dumps({str(i): i for i in range(60_000)}).encode(), b"", "60,000 tokens, GPT-2's has 50,257"),
    ],
)
def test_other_files_are_refused(vocabulary: bytes, merges: bytes | None, words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        read_ranks(vocabulary, merges)
