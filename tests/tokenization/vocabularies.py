"""Made-up vocabularies, and the slow plain encoder that the kernels are held against."""

from __future__ import annotations

import itertools
import random

from tokenization.sentencepiece.model_proto import Model, ModelType, Piece, PieceType

FIXED = ["\n", "\n\n", "\r\n", "\t"]


def made_up_model(characters: str, merges: int, seed: int) -> Model:
    """A BPE model whose pieces are random joins of earlier ones, in random order of rank."""
    draw = random.Random(seed)
    texts = list(characters)
    for _ in range(merges):
        text = draw.choice(texts) + draw.choice(texts)
        if text not in texts and len(text) < 12:
            texts.append(text)
    pieces = [Piece("<unk>", 0, PieceType.UNKNOWN), Piece("<|endoftext|>", 0, PieceType.CONTROL)]
    pieces += [Piece(text, 0, PieceType.USER_DEFINED) for text in FIXED]
    pieces += [Piece(f"<0x{byte:02X}>", 0, PieceType.BYTE) for byte in range(256)]
    ranks = list(range(len(texts)))
    draw.shuffle(ranks)
    pieces += [Piece(t.replace(" ", "\u2581"), -rank, PieceType.NORMAL) for t, rank in zip(texts, ranks, strict=True)]
    return Model(tuple(pieces), ModelType.BPE, True)


def plain_encode(model: Model, text: str) -> list[int]:
    """Merge the best pair of the whole text, the leftmost among equals, until there is none."""
    ids = {p.text.replace("\u2581", " "): i for i, p in enumerate(model.pieces) if p.type == PieceType.NORMAL}
    fixed = {p.text: i for i, p in enumerate(model.pieces) if p.type == PieceType.USER_DEFINED}
    byte_ids = {p.text: i for i, p in enumerate(model.pieces) if p.type == PieceType.BYTE}
    symbols: list[str] = []
    while text:
        taken = max((piece for piece in fixed if text.startswith(piece)), key=len, default=text[0])
        symbols.append(taken)
        text = text[len(taken) :]
    while True:
        pairs = [
            (-model.pieces[ids[left + right]].score, place)
            for place, (left, right) in enumerate(itertools.pairwise(symbols))
            if left not in fixed and right not in fixed and left + right in ids
        ]
        if not pairs:
            break
        place = min(pairs)[1]
        symbols[place : place + 2] = [symbols[place] + symbols[place + 1]]
    found: list[int] = []
    for symbol in symbols:
        piece = fixed.get(symbol, ids.get(symbol))
        found += [byte_ids[f"<0x{byte:02X}>"] for byte in symbol.encode()] if piece is None else [piece]
    return found
