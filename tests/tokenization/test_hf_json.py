from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from buffers.texts import Texts
from schemas.errors import CodemillError
from tests.corpus import prose_text, python_text
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tokenization import hf_json
from tokenization.codegen import build
from tokenization.hf_json import HfJsonTokenizer

BYTE_LEVEL = build(*gpt2_like_files())
texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5)


@given(texts)
def test_every_text_comes_back(documents: list[str]) -> None:
    encoded = BYTE_LEVEL.encode(Texts.from_list([document.encode() for document in documents]))
    assert encoded.ids.dtype == np.uint32 and encoded.offsets.dtype == np.int64
    assert [BYTE_LEVEL.decode(encoded.document(i)).decode() for i in range(len(documents))] == documents


def test_parts_of_a_character_decode_to_its_bytes() -> None:
    ids = BYTE_LEVEL.encode(Texts.from_list(["\U0001f389".encode()])).ids
    assert b"".join(BYTE_LEVEL.decode(ids[i : i + 1]) for i in range(len(ids))) == "\U0001f389".encode()


def test_batches_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [text(i).encode() for i in range(8) for text in (python_text, prose_text)] + [b"", b"x"]
    whole = BYTE_LEVEL.encode(Texts.from_list(documents))
    monkeypatch.setattr(hf_json, "_BATCH_BYTES", 3000)
    parts = BYTE_LEVEL.encode(Texts.from_list(documents))
    assert parts.ids.tolist() == whole.ids.tolist() and parts.offsets.tolist() == whole.offsets.tolist()


def demanding_file() -> bytes:
    """A word tokenizer that cuts, pads and frames every text unless told not to."""
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, "b": 2}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 3), ("</s>", 4)]
    )
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=9)
    return str(tokenizer.to_str()).encode()


def test_nothing_is_cut_padded_or_added_and_control_tokens_are_text() -> None:
    tokenizer = HfJsonTokenizer(demanding_file(), "</s>")
    assert tokenizer.separator_id == 4 and tokenizer.size == 5
    encoded = tokenizer.encode(Texts.from_list([b"a b a b b", b"a </s> b"]))
    assert encoded.document(0).tolist() == [1, 2, 1, 2, 2]
    assert encoded.document(1).tolist()[0] == 1 and 4 not in encoded.document(1).tolist()
    assert tokenizer.decode(encoded.document(0)) == b"ababb"


def test_only_special_tokens_have_a_special_id() -> None:
    library = Tokenizer.from_str(demanding_file().decode())
    library.add_special_tokens(["<unk>"])
    library.add_tokens(["c"])
    tokenizer = HfJsonTokenizer(library.to_str().encode(), "</s>")
    assert [tokenizer.special_id(name) for name in ("<s>", "</s>")] == [3, 4]
    assert [tokenizer.special_id(name) for name in ("<unk>", "a", "c", "none")] == [None] * 4  # texts give <unk>
    assert 0 in tokenizer.encode(Texts.from_list([b"zebra"])).ids


def test_dropout_is_switched_off() -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")], dropout=0.9))
    given_file = HfJsonTokenizer(str(tokenizer.to_str()).encode(), "a")
    assert given_file.encode(Texts.from_list([b"abababab"] * 20)).ids.tolist() == [2] * 80


def test_no_documents() -> None:
    encoded = BYTE_LEVEL.encode(Texts.from_list([]))
    assert encoded.ids.tolist() == [] and encoded.offsets.tolist() == [0]


def test_the_identity_covers_the_separator() -> None:
    identities = {HfJsonTokenizer(demanding_file(), separator).identity for separator in ("<s>", "</s>", "a")}
    assert len(identities) == 3


@pytest.mark.parametrize("data", [b"{}", b"", b"\xff"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(CodemillError, match=r"not a tokenizer\.json"):
        HfJsonTokenizer(data, "a")


def test_a_missing_separator_is_named() -> None:
    with pytest.raises(CodemillError, match="'<end>'"):
        HfJsonTokenizer(demanding_file(), "<end>")


def test_saved_files_load_to_the_same_tokenizer(tmp_path: Path) -> None:
    BYTE_LEVEL.save(str(tmp_path))
    loaded = HfJsonTokenizer.load(str(tmp_path))
    assert loaded.identity == BYTE_LEVEL.identity and loaded.separator_id == BYTE_LEVEL.separator_id
