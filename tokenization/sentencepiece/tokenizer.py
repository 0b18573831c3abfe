"""SentencePiece tokenizers that give back every text to the byte.

A model is trained without any normalisation: spaces count, however many; line ends and tabs have pieces of their own,
alone and in runs; a character without a piece is spelled in bytes. U+2581, which SentencePiece writes for a space, is
spelled in bytes too when it stands in a text, so the two stay apart. The separator is a control piece: spelling its
name in a text gives ordinary pieces.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from schemas.errors import CodemillError
from storage.files import join, read_bytes, write_atomic
from tokenization.bpe.unit_cache import UNIT_IDS, UnitCache, empty_cache, encode_joined
from tokenization.piece_bytes import PieceBytes
from tokenization.sentencepiece.bpe_tables import SPACE_MARK, joined_bytes, sentencepiece_tables
from tokenization.sentencepiece.model_proto import Model, ModelType, PieceType, parse_model
from tokenization.sentencepiece.unigram_lines import encode_lines, line_arrays
from tokenization.sentencepiece.unigram_tables import joined_in_lines, unigram_tables
from tokenization.tokenizer import TokenBatch, identity_of

MODEL_FILE = "sentencepiece.model"
SEPARATOR = "<|endoftext|>"


class SentencePieceTokenizer:
    """A trained model, given as the bytes of its file.

    Models encode as `SentencePieceProcessor.encode` would, many times faster: BPE models as it would the whole text,
    unigram models as it would each line (see `unigram_lines.py`): over a whole text, sums of 32-bit scores would round
    differently with the length of what stands before. Bytes that are not UTF-8 are spelled.

    Raises:
        CodemillError: the model changes texts (it normalises, or adds or removes spaces), has no separator, or holds
            what the encoder does not know.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        model = parse_model(data)
        if not model.keeps_text:
            raise CodemillError(
                "the SentencePiece model normalises texts or adds or removes spaces",
                "train it with the identity normalisation, no dummy prefix and all whitespace kept",
            )
        self._specials = {piece.text: i for i, piece in enumerate(model.pieces) if piece.type == PieceType.CONTROL}
        if SEPARATOR not in self._specials:
            raise CodemillError(
                f"the SentencePiece model has no control piece {SEPARATOR}", "train it with this symbol"
            )
        self._bytes = PieceBytes([_spelled(piece.text, piece.type) for piece in model.pieces])
        self._encoder = _encoder(model)

    @classmethod
    def load(cls, directory: str) -> SentencePieceTokenizer:
        """The tokenizer that `save` wrote into a directory."""
        return cls(read_bytes(join(directory, MODEL_FILE)))

    @property
    def identity(self) -> str:
        """SHA-256 over the model file."""
        return identity_of({MODEL_FILE: self._data})

    @property
    def size(self) -> int:
        """Number of ids."""
        return len(self._bytes)

    @property
    def separator_id(self) -> int:
        """Id of the control piece between documents."""
        return self._specials[SEPARATOR]

    def special_id(self, name: str) -> int | None:
        """The id of a control piece, or None."""
        return self._specials.get(name)

    def encode(self, texts: Texts) -> TokenBatch:
        """The ids of each document; threads may share a tokenizer, one encodes at a time."""
        return self._encoder.encode(texts)

    def decode(self, ids: NDArray[np.uint32]) -> bytes:
        """The bytes that ids stand for: of any stretch of ids, even one that starts within a character."""
        return self._bytes.join(ids)

    def save(self, directory: str) -> None:
        """Write the model file."""
        write_atomic(join(directory, MODEL_FILE), self._data)


def _spelled(text: str, kind: PieceType) -> bytes:
    if kind in (PieceType.CONTROL, PieceType.UNKNOWN):
        return b""
    if kind == PieceType.BYTE:
        return bytes([int(text[1:-1], 16)])
    return text.replace(SPACE_MARK, " ").encode()


def _encoder(model: Model) -> _BpeEncoder | _UnigramEncoder:
    if model.type == ModelType.BPE:
        return _BpeEncoder(model)
    if model.type == ModelType.UNIGRAM:
        return _UnigramEncoder(model)
    raise CodemillError(f"the SentencePiece model is of type {model.type.name.lower()}", "train one of bpe or unigram")


class _UnitEncoder(ABC):
    """What encoders unit by unit share: room for the ids, and a cache."""

    def __init__(self) -> None:
        self._cache: UnitCache | None = None
        self._lock = threading.Lock()  # kernels release the interpreter's and change the cache

    def encode(self, texts: Texts) -> TokenBatch:
        out = np.empty(int(texts.offsets[-1]) + UNIT_IDS, np.uint32)  # no byte gives more than one id
        offsets = np.empty(len(texts) + 1, np.int64)
        with self._lock:
            if self._cache is None:
                self._cache = empty_cache()
            self._run(texts, self._cache, out, offsets)
        out.resize(int(offsets[-1]), refcheck=False)  # in place: a copy would hold the ids twice
        return TokenBatch(out, offsets)

    @abstractmethod
    def _run(self, texts: Texts, cache: UnitCache, out: NDArray[np.uint32], offsets: NDArray[np.int64]) -> None: ...


class _BpeEncoder(_UnitEncoder):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self._tables = sentencepiece_tables(model)
        self._joined = joined_bytes(model)

    def _run(self, texts: Texts, cache: UnitCache, out: NDArray[np.uint32], offsets: NDArray[np.int64]) -> None:
        encode_joined(texts.data, texts.offsets, self._joined, self._tables, cache, out, offsets)


class _UnigramEncoder(_UnitEncoder):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self._tables = unigram_tables(model)
        self._joined = joined_in_lines(model)
        self._arrays = line_arrays()

    def _run(self, texts: Texts, cache: UnitCache, out: NDArray[np.uint32], offsets: NDArray[np.int64]) -> None:
        encode_lines(texts.data, texts.offsets, self._joined, self._tables, cache, self._arrays, out, offsets)
