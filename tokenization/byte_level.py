"""The bytes behind the tokens of byte-level tokenizers.

GPT-2's vocabulary file spells each byte as one printable character: the printable ones of Latin-1 as themselves, the
others, in order, from U+0100 on.
"""

from __future__ import annotations

import json

import tokenizers


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
