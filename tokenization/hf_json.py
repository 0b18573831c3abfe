"""Any Hugging Face `tokenizer.json` behind this project's interface.

GPT-2's kind of byte-level BPE, CodeGen's among it, is encoded by this project's own kernels, with equal ids and many
times faster; every other kind by the library.

Whether every text comes back to the byte is a property of the file: byte-level tokenizers do that, one that
lower-cases cannot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import tokenizers
from numpy.typing import NDArray

from buffers.texts import Texts
from schemas.errors import CodemillError
from storage.files import join, read_bytes, write_atomic
from tokenization.bpe.byte_level import byte_level_encoder, piece_bytes
from tokenization.piece_bytes import PieceBytes
from tokenization.tokenizer import TokenBatch, identity_of

TOKENIZER_FILE = "tokenizer.json"
SEPARATOR_FILE = "separator.json"

_BATCH_BYTES = 8 << 20  # the library keeps some hundred bytes for each token of a batch


class HfJsonTokenizer:
    """A tokenizer, given as the bytes of its `tokenizer.json`.

    Control tokens in a text are text, nothing is added before or after a document, nothing is cut or padded,
    whatever the file asks for.

    Args:
        data: the file.
        separator: the token that stands between documents.

    Raises:
        CodemillError: not such a file, or it lacks the separator.
    """

    def __init__(self, data: bytes, separator: str) -> None:
        self._data = data
        self._separator = separator
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(data.decode())
        except Exception as error:  # the library raises the base class
            raise CodemillError(f"not a tokenizer.json: {error}", "name a file that `tokenizers` saved") from None
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if getattr(self._tokenizer.model, "dropout", None):
            self._tokenizer.model.dropout = None  # it would draw other merges each time
        separator_id = self._tokenizer.token_to_id(separator)
        if separator_id is None:
            raise CodemillError(
                f"the tokenizer has no token {separator!r}",
                "set `separator` to the token that ends a document",
            )
        self._separator_id = int(separator_id)
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        added = self._tokenizer.get_added_tokens_decoder()
        self._specials = {x.content: i for i, x in added.items() if x.special and x.content != unknown}
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=True)
        self._size = max(vocabulary.values()) + 1
        pieces = piece_bytes(self._tokenizer, self._size)
        self._bytes = None if pieces is None else PieceBytes(pieces)
        self._encoder = byte_level_encoder(self._tokenizer)

    @classmethod
    def load(cls, directory: str) -> HfJsonTokenizer:
        """The tokenizer that `save` wrote into a directory."""
        separator = json.loads(read_bytes(join(directory, SEPARATOR_FILE)))["separator"]
        return cls(read_bytes(join(directory, TOKENIZER_FILE)), separator)

    @property
    def identity(self) -> str:
        """SHA-256 over both files."""
        return identity_of(self._files())

    @property
    def size(self) -> int:
        """The highest id plus one, added tokens included."""
        return self._size

    @property
    def separator_id(self) -> int:
        """Id of the token between documents."""
        return self._separator_id

    def special_id(self, name: str) -> int | None:
        """The id of an added token that is flagged as special; the model's unknown token is none, texts may give it."""
        return self._specials.get(name)

    def encode(self, texts: Texts) -> TokenBatch:
        """The ids of each document; threads may share a tokenizer.

        The library, where it encodes, holds 50 to 140 bytes for each byte of a document, the more the shorter its
        tokens are: a document of 100 MB may take 14 GB. It is not cut, because what the file asks for, a space put in
        front for example, holds for a whole document.
        """
        if self._encoder is not None:
            return self._encoder.encode(texts)
        parts = [np.empty(0, np.uint32)]
        offsets = np.zeros(len(texts) + 1, np.int64)
        for first, last in _batches(texts.offsets):
            documents = [texts.document(i).decode() for i in range(first, last)]
            for i, encoding in enumerate(self._tokenizer.encode_batch_fast(documents, add_special_tokens=False)):
                ids = np.array(encoding.ids, np.uint32)
                parts.append(ids)
                offsets[first + i + 1] = ids.size
        return TokenBatch(np.concatenate(parts), np.cumsum(offsets))

    def decode(self, ids: NDArray[np.uint32]) -> bytes:
        """The bytes that ids stand for; byte-level tokenizers decode any stretch of ids exactly."""
        if self._bytes is not None:
            return self._bytes.join(ids)
        return str(self._tokenizer.decode(ids.tolist(), skip_special_tokens=True)).encode()

    def save(self, directory: str) -> None:
        """Write `tokenizer.json` as it was given, and the separator's name beside it."""
        for name, content in self._files().items():
            write_atomic(join(directory, name), content)

    def _files(self) -> dict[str, bytes]:
        separator = json.dumps({"separator": self._separator}).encode() + b"\n"
        return {TOKENIZER_FILE: self._data, SEPARATOR_FILE: separator}


def _batches(offsets: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of documents of about _BATCH_BYTES, at least one document each."""
    first = 0
    while first < offsets.size - 1:
        last = int(np.searchsorted(offsets, offsets[first] + _BATCH_BYTES, "right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last
