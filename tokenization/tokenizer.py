"""What every tokenizer can do, whatever it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts


class TokenBatch(NamedTuple):
    """Token ids of a batch of documents, back to back.

    Attributes:
        ids: uint32 [offsets[-1]].
        offsets: int64 [documents + 1], starting at 0; document i is ids[offsets[i]:offsets[i + 1]].
    """

    ids: NDArray[np.uint32]
    offsets: NDArray[np.int64]

    def document(self, index: int) -> NDArray[np.uint32]:
        """The ids of one document."""
        return self.ids[self.offsets[index] : self.offsets[index + 1]]


class Tokenizer(Protocol):
    """Text to token ids and back.

    Control tokens that are spelled out inside a text are ordinary text: only `separator_id` itself separates.
    """

    @property
    def identity(self) -> str:
        """SHA-256 over the names and contents of the tokenizer's files, hexadecimal."""
        ...

    @property
    def size(self) -> int:
        """Number of ids, added tokens included: every id is below it."""
        ...

    @property
    def separator_id(self) -> int:
        """The id that stands between documents; `encode` never gives it."""
        ...

    def special_id(self, name: str) -> int | None:
        """The id of a special (control) token, which `encode` never gives; None when there is no such token."""
        ...

    def encode(self, texts: Texts) -> TokenBatch:
        """The ids of each document, without any separator; documents are valid UTF-8 without NUL."""
        ...

    def decode(self, ids: NDArray[np.uint32]) -> bytes:
        """The bytes that ids stand for; the separator and other special tokens stand for none."""
        ...

    def save(self, directory: str) -> None:
        """Write the tokenizer's files into a directory, local or gs://; `load_tokenizer` reads them back."""
        ...


def identity_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over named contents, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name} {len(files[name])}\n".encode())
        digest.update(files[name])
    return digest.hexdigest()
