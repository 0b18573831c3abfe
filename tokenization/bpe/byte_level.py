"""GPT-2's byte-level BPE: the bytes behind its tokens, and an encoder by kernels.

GPT-2's vocabulary file spells each byte as one printable character: the printable ones of Latin-1 as themselves, the
others, in order, from U+0100 on.
"""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import tokenizers

from buffers.texts import Texts
from tokenization.bpe.split import Splitter, make_splitter
from tokenization.bpe.tables import BpeTables, fixed_pieces, merge_tables
from tokenization.bpe.unit_cache import UNIT_IDS, UnitCache, empty_cache, encode_words
from tokenization.tokenizer import TokenBatch

_RUN_CHARACTERS = (" ", "\t")
_LARGEST_ID = 1 << 21


def byte_characters() -> dict[str, int]:
    """The byte that each of the 256 characters stands for."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def piece_bytes(tokenizer: tokenizers.Tokenizer, size: int) -> list[bytes] | None:
    """The bytes of each id below `size`, none for special tokens and gaps; None when it is not byte-level."""
    decoder = json.loads(tokenizer.to_str())["decoder"]
    if decoder is None or decoder["type"] != "ByteLevel":
        return None
    byte_of = byte_characters()
    pieces = [b""] * size
    for text, piece in tokenizer.get_vocab(with_added_tokens=False).items():
        if all(character in byte_of for character in text):
            pieces[piece] = bytes(byte_of[character] for character in text)
    for piece, added in tokenizer.get_added_tokens_decoder().items():
        pieces[piece] = b"" if added.special else added.content.encode()
    return pieces


class ByteLevelEncoder:
    """Encodes as GPT-2's and CodeGen's tokenizers do; `byte_level_encoder` makes one."""

    def __init__(self, splitter: Splitter, tables: BpeTables) -> None:
        self._splitter = splitter
        self._tables = tables
        self._cache: UnitCache | None = None
        self._lock = threading.Lock()  # the kernel releases the interpreter's and changes the cache

    def encode(self, texts: Texts) -> TokenBatch:
        """The ids of each document; documents are valid UTF-8 without NUL."""
        out = np.empty(int(texts.offsets[-1]) + UNIT_IDS, np.uint32)  # no byte gives more than one id
        offsets = np.empty(len(texts) + 1, np.int64)
        with self._lock:
            if self._cache is None:
                self._cache = empty_cache()
            encode_words(texts.data, texts.offsets, self._splitter, self._tables, self._cache, out, offsets)
        out.resize(int(offsets[-1]), refcheck=False)  # in place: a copy would hold the ids twice
        return TokenBatch(out, offsets)


def byte_level_encoder(tokenizer: tokenizers.Tokenizer) -> ByteLevelEncoder | None:
    """The encoder of a tokenizer of the library, control tokens being text; None when it is of another kind.

    Of this kind are GPT-2's pre-tokenizer and merges without extras, all 256 bytes in the vocabulary, and added tokens
    that are runs of two to some number of spaces, or of tabs, or special and without either.
    """
    file = json.loads(tokenizer.to_str())
    runs = _runs(file["added_tokens"])
    ids = _byte_ids(file["model"])
    if runs is None or ids is None or file["normalizer"] is not None or not _is_gpt2_split(file["pre_tokenizer"]):
        return None
    vocabulary: dict[str, int] = file["model"]["vocab"]
    if max([*vocabulary.values(), *runs.values()]) >= _LARGEST_ID:
        return None
    merges = {
        (vocabulary[left], vocabulary[right]): (rank, vocabulary[left + right])
        for rank, (left, right) in enumerate(file["model"]["merges"])
    }
    longest = {
        character.encode(): max((len(run) for run in runs if run[0] == character), default=0)
        for character in _RUN_CHARACTERS
    }
    fixed = fixed_pieces({run.encode(): piece for run, piece in runs.items()})
    return ByteLevelEncoder(make_splitter(longest), BpeTables(fixed, merge_tables(merges, ids)))


def _is_gpt2_split(pre_tokenizer: dict[str, Any] | None) -> bool:
    return (
        pre_tokenizer is not None
        and pre_tokenizer["type"] == "ByteLevel"
        and pre_tokenizer["use_regex"]
        and not pre_tokenizer["add_prefix_space"]
    )


def _byte_ids(model: dict[str, Any]) -> np.ndarray | None:
    """The ids of the 256 bytes; None when some have none or the model is more than merges."""
    extras = ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback")
    if model["type"] != "BPE" or model.get("ignore_merges") or any(model.get(extra) for extra in extras):
        return None
    byte_of = byte_characters()
    if not byte_of.keys() <= model["vocab"].keys():
        return None
    ids = np.empty(256, np.int32)
    for character, byte in byte_of.items():
        ids[byte] = model["vocab"][character]
    return ids


def _runs(added_tokens: list[dict[str, Any]]) -> dict[str, int] | None:
    """Text and id of the tokens for runs; None when there is an added token of another kind, or a gap between runs."""
    tokens = [token for token in added_tokens if not token["special"]]
    if any(token["single_word"] or token["lstrip"] or token["rstrip"] for token in tokens):
        return None
    runs = {token["content"]: token["id"] for token in tokens}
    expected = {
        character * count
        for character in _RUN_CHARACTERS
        for count in range(2, 1 + max((len(run) for run in runs if run[0] == character), default=0))
    }
    # The library looks for runs around special tokens that are text, not within them.
    special = "".join(token["content"] for token in added_tokens if token["special"])
    if runs and any(character in special for character in _RUN_CHARACTERS):
        return None
    return runs if runs.keys() == expected and max(map(len, runs), default=0) < 256 else None
