"""Any Hugging Face `tokenizer.json`, and CodeGen's own vocabulary as one."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from buffers.texts import Texts
from schemas.errors import CodemillError
from storage.files import join, read_bytes, write_atomic
from tokenization.tokenizer import TokenBatch, identity_of

TOKENIZER_NAME = "tokenizer.json"
SETTINGS_NAME = "codemill-tokenizer.json"
GPT2_SIZE = 50257
LONGEST_SPACE_RUN = 31
LONGEST_TAB_RUN = 9
BATCH_BYTES = 4 << 20
"""Text handed to the library at once: it answers with Python lists, which are let go after each batch."""


class JsonTokenizer:
    """A `tokenizer.json` behind our interface.

    Args:
        definition: the file's bytes.
        separator: the token that stands between documents.

    Raises:
        CodemillError: not a tokenizer definition, or the separator is not one of its tokens.
    """

    def __init__(self, definition: bytes, separator: str) -> None:
        try:
            self._tokenizer = Tokenizer.from_str(definition.decode())
        except Exception as error:  # the library raises bare Exception
            raise CodemillError(
                f"not a Hugging Face tokenizer definition: {str(error).splitlines()[0]}", "name a tokenizer.json"
            ) from None
        # Otherwise "<|endoftext|>" written out in a document would become the real separator.
        self._tokenizer.encode_special_tokens = True
        found = self._tokenizer.token_to_id(separator)
        if found is None:
            raise CodemillError(f"the tokenizer has no token {separator!r}", "set `separator` to one of its tokens")
        self._separator_id: int = found
        settings = json.dumps({"separator": separator}, ensure_ascii=False).encode()
        self._files = {TOKENIZER_NAME: definition, SETTINGS_NAME: settings}

    @property
    def identity(self) -> str:
        """SHA-256 of the files."""
        return identity_of(self._files)

    @property
    def size(self) -> int:
        """Ids in use, added tokens included."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values()) + 1

    @property
    def separator_id(self) -> int:
        """The id between documents."""
        return self._separator_id

    def encode(self, texts: Texts) -> TokenBatch:
        """The ids of each document, without any separator."""
        parts: list[NDArray[np.uint32]] = []
        offsets = np.zeros(len(texts) + 1, np.int64)
        for start, end in _batches(texts.lengths()):
            batch = [texts.document(index).decode() for index in range(start, end)]
            for index, encoding in enumerate(self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)):
                ids = np.array(encoding.ids, np.uint32)
                parts.append(ids)
                offsets[start + index + 1] = len(ids)
        ids = np.concatenate(parts) if parts else np.zeros(0, np.uint32)
        return TokenBatch(ids, np.cumsum(offsets))

    def decode(self, ids: NDArray[np.uint32]) -> bytes:
        """The bytes that ids stand for; the separator stands for none."""
        wanted = [int(i) for i in ids if i != self._separator_id]
        text: str = self._tokenizer.decode(wanted, skip_special_tokens=False)
        return text.encode()

    def save(self, directory: str) -> None:
        """Write the tokenizer's files."""
        for name, content in self._files.items():
            write_atomic(join(directory, name), content)


def load_json_tokenizer(directory: str) -> JsonTokenizer:
    """Read what `JsonTokenizer.save` wrote."""
    settings = json.loads(read_bytes(join(directory, SETTINGS_NAME)))
    return JsonTokenizer(read_bytes(join(directory, TOKENIZER_NAME)), settings["separator"])


def codegen_definition(vocabulary: bytes, merges: bytes) -> bytes:
    """CodeGen's tokenizer as a `tokenizer.json`: GPT-2's ranks, 30 runs of spaces and 8 runs of tabs.

    Ids 50257 to 50286 are runs of 31 down to 2 spaces, 50287 to 50294 runs of 9 down to 2 tabs: ordinary added tokens
    that split the text before GPT-2's own rules do.

    Args:
        vocabulary: GPT-2's `vocab.json` (also known as `encoder.json`).
        merges: GPT-2's `merges.txt` (also known as `vocab.bpe`).

    Raises:
        CodemillError: these are not GPT-2's files.
    """
    try:
        ids = json.loads(vocabulary)
        lines = merges.decode().split("\n")
        pairs = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
        byte_pairs = models.BPE(ids, [(left, right) for left, right in pairs])
    except (ValueError, TypeError) as error:
        raise CodemillError(f"not a GPT-2 vocabulary: {error}", "give its vocab.json and merges.txt") from None
    if len(ids) != GPT2_SIZE:
        raise CodemillError(f"the vocabulary has {len(ids)} tokens, GPT-2's has {GPT2_SIZE}", "give GPT-2's vocab.json")
    tokenizer = Tokenizer(byte_pairs)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    runs = [" " * n for n in range(LONGEST_SPACE_RUN, 1, -1)] + ["\t" * n for n in range(LONGEST_TAB_RUN, 1, -1)]
    tokenizer.add_tokens([AddedToken(run, normalized=False, special=False) for run in runs])
    definition: str = tokenizer.to_str()
    return definition.encode()


def _batches(lengths: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Consecutive ranges of documents of about BATCH_BYTES each."""
    groups = np.cumsum(lengths) // BATCH_BYTES
    bounds = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(lengths)]
    return [(a, b) for a, b in zip(bounds, bounds[1:], strict=False) if b > a]
