"""Plain Python references of what the kernels compute, one value at a time."""

from collections.abc import Iterable

MASK = 2**64 - 1
WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz") | frozenset(range(0x80, 0x100))
SQUARE_ROOTS = [
    0x6A09E667F3BCC909,
    0xBB67AE8584CAA73B,
    0x3C6EF372FE94F82B,
    0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F,
    0x1F83D9ABFB41BD6B,
    0x5BE0CD19137E2179,
    0xCBBB9D5DC1059ED9,
]
GOLDEN_RATIO = 0x9E3779B97F4A7C15
EMPTY = 0xFFFFFFFF


def tokens(document: bytes) -> list[bytes]:
    found: list[bytearray] = []
    inside = False
    for byte in document:
        if byte in WORD:
            if not inside or byte >= 0xE0:
                found.append(bytearray())
            found[-1].append(byte)
        inside = byte in WORD
    return [bytes(token) for token in found]


def fold(a: int, b: int) -> int:
    product = a * b
    return (product >> 64) ^ (product & MASK)


def token_hash(token: bytes) -> int:
    first, second, third, fourth = SQUARE_ROOTS[:4]
    spread = len(token) * GOLDEN_RATIO & MASK
    value = fold(int.from_bytes(token[:8], "little") ^ first, int.from_bytes(token[8:16], "little") ^ second ^ spread)
    if len(token) > 16:
        for place in range(16, len(token) - 8, 8):
            value = fold(int.from_bytes(token[place : place + 8], "little") ^ third ^ value, fourth)
        value = fold(int.from_bytes(token[-8:], "little") ^ third ^ value, fourth)
    return value


def shingles(document: bytes) -> list[int]:
    hashes = [token_hash(token) for token in tokens(document)]
    found = []
    for place in range(len(hashes) - 4):
        mixed = sum(h * c for h, c in zip(hashes[place : place + 5], SQUARE_ROOTS[4:], strict=True)) & MASK
        mixed = ((mixed ^ (mixed >> 32)) * GOLDEN_RATIO) & MASK
        found.append(mixed ^ (mixed >> 29))
    return found


def rehash(shingle: int, turn: int) -> int:
    if turn == 0:
        return shingle
    value = ((shingle ^ (turn * GOLDEN_RATIO & MASK)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 32)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 29)


def sketch(elements: Iterable[int]) -> list[int]:
    """Fast similarity sketching by its definition: per bin, the first round that reaches it and the smallest value."""
    distinct = set(elements)
    bins = [EMPTY] * 256
    turn = 0
    while distinct and EMPTY in bins:
        reached: dict[int, list[int]] = {}
        for value in (rehash(shingle, turn) for shingle in distinct):
            low = value & EMPTY
            where = value >> 56 if turn < 256 else turn - 256
            reached.setdefault(where, []).append(low if turn < 256 else min(low, EMPTY - 1))
        for where, values in reached.items():
            if bins[where] == EMPTY:
                bins[where] = min(values)
        turn += 1
    return bins
