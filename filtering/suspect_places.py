"""Places in a text where personal data or a secret might stand: all that a regular expression has to look at.

A kernel walks over the bytes once and stops at an "@", a dot or colon between digits, a word with the first letters of
a known key, a quoted string behind a "=" or ":".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.kernel import kernel
from buffers.masks import (
    Bytes,
    at_sign_mask,
    dot_or_colon_mask,
    load_u64,
    string_quote_mask,
    trailing_zeros,
    word_mask,
)
from buffers.texts import Texts
from filtering.secret_forms import KEY_FORMS

I64s: TypeAlias = NDArray[np.int64]
U64s: TypeAlias = NDArray[np.uint64]

SHORTEST_VALUE = 12
LONGEST_VALUE = 200
"""Bytes of an assigned secret."""

EMAIL, ADDRESS, KEY, VALUE = 0, 1, 2, 3
"""What might stand at a place: an address, or a secret that is a key or the value of a name."""

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_TOP = np.uint64(63)
_THREE = np.uint64(0xFFFFFF)
_SLOTS = 4096


def _prefix_table() -> NDArray[np.bool_]:
    """Which values of `_slot_of` a prefix has."""
    table = np.zeros(_SLOTS, np.bool_)
    for prefix in KEY_FORMS:
        table[_slot_of(prefix.encode()[:3])] = True
    return table


def _slot_of(prefix: bytes) -> int:
    return (int.from_bytes(prefix, "little") * 0x9E3779B1 >> 20) & (_SLOTS - 1)


_SPREAD = np.uint64(0x9E3779B1)
_SLOT_SHIFT = np.uint64(20)
_SLOT_MASK = np.uint64(_SLOTS - 1)


@kernel
def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@kernel
def _is_hex(byte: int) -> bool:
    return 48 <= byte <= 57 or 97 <= byte | 32 <= 102


@kernel
def _value_end(data: Bytes, quote: int, stop: int) -> int:
    """The closing quote of a string that could be a secret; 0 if this is none."""
    end = quote + 1
    limit = min(stop, quote + LONGEST_VALUE + 2)
    digits = 0
    while end < limit and data[end] != data[quote]:
        if data[end] <= 32 or data[end] >= 127:
            return 0
        digits += _is_digit(data[end])
        end += 1
    return end if digits >= 2 and end < limit and end - quote - 1 >= SHORTEST_VALUE else 0


@kernel
def _is_quad(data: Bytes, place: int, stop: int) -> bool:
    """Whether four numbers of at most three digits with dots between them stand here."""
    for part in range(4):
        digits = 0
        while place < stop and digits < 4 and _is_digit(data[place]):
            place += 1
            digits += 1
        if digits == 0 or digits == 4:
            return False
        if part < 3:
            if place >= stop or data[place] != 46:
                return False
            place += 1
    return True


@kernel
def _is_prefix(data: Bytes, place: int, prefixes: U64s, masks: U64s) -> bool:
    word = load_u64(data, place)
    same = False
    for index in range(prefixes.size):
        same |= word & masks[index] == prefixes[index]
    return same


@kernel
def _find(
    data: Bytes,
    offsets: I64s,
    emails: bool,
    addresses: bool,
    secrets: bool,
    slots: NDArray[np.bool_],
    prefixes: U64s,
    masks: U64s,
    found: I64s,
) -> int:
    """Write (document, sort, place) of each place to look at; returns how many there are, written or not."""
    count = 0
    for document in range(offsets.size - 1):
        start = offsets[document]
        stop = offsets[document + 1]
        before = _ZERO
        for block in range(start, stop, 64):
            valid = ~_ZERO if stop - block >= 64 else (_ONE << np.uint64(stop - block)) - _ONE
            if emails:
                marks = at_sign_mask(data, block) & valid
                while marks != _ZERO:
                    place = block + trailing_zeros(marks)
                    marks &= marks - _ONE
                    if place > start and place + 1 < stop and data[place - 1] > 32 and data[place + 1] > 32:
                        if count < found.shape[0]:
                            found[count, 0] = document
                            found[count, 1] = EMAIL
                            found[count, 2] = place
                        count += 1
            if addresses:
                marks = dot_or_colon_mask(data, block) & valid
                while marks != _ZERO:
                    place = block + trailing_zeros(marks)
                    marks &= marks - _ONE
                    if place == start or place + 1 >= stop or not _is_hex(data[place - 1]):
                        continue
                    first = place
                    if data[place] == 46:
                        if not (_is_digit(data[place - 1]) and _is_digit(data[place + 1])):
                            continue
                        while first > start and place - first < 4 and _is_digit(data[first - 1]):
                            first -= 1
                        if not _is_quad(data, first, stop):
                            continue
                    else:
                        if not (_is_hex(data[place + 1]) or data[place + 1] == 58):
                            continue
                        while first > start and place - first < 5 and _is_hex(data[first - 1]):
                            first -= 1
                        if place - first != 4 or not 50 <= data[first] <= 51:
                            continue
                    if first > start and (data[first - 1] == 46 or data[first - 1] == 58 or _is_hex(data[first - 1])):
                        continue
                    if count < found.shape[0]:
                        found[count, 0] = document
                        found[count, 1] = ADDRESS
                        found[count, 2] = first
                    count += 1
            if secrets:
                word = word_mask(data, block) & valid
                starts = word & ~((word << _ONE) | before)
                before = word >> _TOP
                while starts != _ZERO:
                    place = block + trailing_zeros(starts)
                    starts &= starts - _ONE
                    slot = ((load_u64(data, place) & _THREE) * _SPREAD >> _SLOT_SHIFT) & _SLOT_MASK
                    if slots[slot] and _is_prefix(data, place, prefixes, masks):
                        if count < found.shape[0]:
                            found[count, 0] = document
                            found[count, 1] = KEY
                            found[count, 2] = place
                        count += 1
                quotes = string_quote_mask(data, block) & valid
                while quotes != _ZERO:
                    place = block + trailing_zeros(quotes)
                    quotes &= quotes - _ONE
                    behind = place
                    while behind > start and data[behind - 1] == 32:
                        behind -= 1
                    if behind == start:
                        continue
                    sign = data[behind - 1]
                    if (sign == 61 or sign == 58 or sign == 62) and _value_end(data, place, stop):
                        if count < found.shape[0]:
                            found[count, 0] = document
                            found[count, 1] = VALUE
                            found[count, 2] = place
                        count += 1
    return count


_SLOTTED = _prefix_table()
_PREFIXES = np.array([int.from_bytes(prefix.encode(), "little") for prefix in KEY_FORMS], np.uint64)
_MASKS = np.array([(1 << 8 * len(prefix)) - 1 for prefix in KEY_FORMS], np.uint64)


def suspect_places(texts: Texts, kinds: Collection[str]) -> I64s:
    """Where to look.

    Args:
        texts: n documents.
        kinds: of `filtering.redaction.REPLACEMENTS`.

    Returns:
        int64 [m, 3]: document, which of the above, place in `texts.data`; by document and block of 64 bytes.
    """
    chosen = ("email" in kinds, "ip_address" in kinds, "secret" in kinds)
    places = np.zeros((1024, 3), np.int64)
    while (count := _find(texts.data, texts.offsets, *chosen, _SLOTTED, _PREFIXES, _MASKS, places)) > len(places):
        places = np.zeros((count, 3), np.int64)
    return places[:count]
