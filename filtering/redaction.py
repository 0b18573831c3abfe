"""Personal data and secrets: found, replaced by a word for their kind, and recorded as spans.

A kernel walks over the bytes once and stops where something might begin: an "@", a dot or colon between digits, a word
with the first letters of a known key, a quoted string behind a "=" or ":". Only there does a regular expression look.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeAlias

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
from filtering.secret_forms import KEY_FORMS, NAME_BYTES, SECRET_NAME, is_random

I64s: TypeAlias = NDArray[np.int64]
U64s: TypeAlias = NDArray[np.uint64]

REPLACEMENTS: dict[str, bytes] = {
    "email": b"<EMAIL>",
    "ip_address": b"<IP_ADDRESS>",
    "secret": b"<SECRET>",
}
"""The kinds that can be replaced, and by what.

- email: addresses, but for those in domains that are reserved for examples (RFC 2606) and for "git@".
- ip_address: public IPv4 and IPv6 addresses; private, local, multicast and documentation ranges stay, and so do four
  numbers behind the word "version", four small numbers (a section, a version) and parts of longer dotted numbers.
- secret: keys by the forms that services give them, private keys in PEM, and random strings assigned to a name such as
  "password" or "api_key".
"""

SHORTEST_VALUE = 12
LONGEST_VALUE = 200
"""Bytes of an assigned secret."""


class Redaction(NamedTuple):
    """A stretch that was replaced."""

    row: int
    """The document."""
    kind: str
    start: int
    end: int
    """Bytes of the document as it was before."""


_EMAIL, _ADDRESS, _KEY, _VALUE = 0, 1, 2, 3
_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_TOP = np.uint64(63)
_THREE = np.uint64(0xFFFFFF)
_SLOTS = 4096


def _prefix_table() -> NDArray[np.bool_]:
    """Which values of `_prefix_slot` a prefix has."""
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
                            found[count, 1] = _EMAIL
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
                        found[count, 1] = _ADDRESS
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
                            found[count, 1] = _KEY
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
                            found[count, 1] = _VALUE
                            found[count, 2] = place
                        count += 1
    return count


_SLOTTED = _prefix_table()
_PREFIXES = np.array([int.from_bytes(prefix.encode(), "little") for prefix in KEY_FORMS], np.uint64)
_MASKS = np.array([(1 << 8 * len(prefix)) - 1 for prefix in KEY_FORMS], np.uint64)
_KEYS = {
    prefix.encode(): re.compile(form.encode() + rb"(?![0-9A-Za-z_])", re.DOTALL) for prefix, form in KEY_FORMS.items()
}
_LOCAL_PART = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?$")
_DOMAIN = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(?![A-Za-z0-9_(-])")
_RESERVED_DOMAIN = re.compile(rb"(?:^|\.)(?:example(?:\.[a-z]+)?|test|invalid|localhost|local)$", re.IGNORECASE)
_FILE_SUFFIX = re.compile(
    rb"\.(?:png|jpe?g|gif|svg|webp|ico|js|ts|css|py|html?|json|md|txt|so|service|sh)$", re.IGNORECASE
)
"""`sprite@2x.png` and `unit@.service` are files."""
_IPV4 = re.compile(rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z_]|\.[0-9])")
_IPV6 = re.compile(rb"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{3,36}(?![0-9A-Za-z_:])")
_OBJECT_IDENTIFIER = re.compile(rb"1\.[23]\.|2\.5\.")
_LARGE_NUMBER = re.compile(rb"[12][0-9][0-9]")
_PORT = re.compile(rb":[0-9]{2,5}\b|/[0-9]{1,2}\b")
_VERSION = re.compile(rb"(?:version|ver|release|build|oid|v)[^\n.]{0,20}$", re.IGNORECASE)
_LOCAL_BYTES = 64
_DOMAIN_BYTES = 254
_PEM_BYTES = 16_384


def _email(text: bytes, place: int) -> tuple[int, int] | None:
    local = _LOCAL_PART.search(text[max(0, place - _LOCAL_BYTES) : place])
    domain = _DOMAIN.match(text[place + 1 : place + 1 + _DOMAIN_BYTES])
    if local is None or domain is None or local.group().lower() == b"git":
        return None
    if _RESERVED_DOMAIN.search(domain.group()) or _FILE_SUFFIX.search(domain.group()):
        return None
    return place - len(local.group()), place + 1 + domain.end()


def _address(text: bytes, place: int) -> tuple[int, int] | None:
    found = _IPV4.match(text, place) or _IPV6.match(text, place)
    if found is None:
        return None
    if place and (text[place - 1 : place].isalnum() or text[place - 1 : place] in (b"_", b"-", b"/")):
        return None
    try:
        address = ipaddress.ip_address(found.group().decode())
    except ValueError:
        return None
    if not address.is_global or address.is_multicast or _VERSION.search(text[max(0, place - 32) : place]):
        return None
    if address.version == 4:
        number = found.group()
        if _OBJECT_IDENTIFIER.match(number):
            return None
        if not _LARGE_NUMBER.search(number) and not _PORT.match(text, found.end()):
            return None  # of all addresses 2 % look like this, of the numbers of sections and versions nearly all
    return found.span()


def _key(text: bytes, place: int) -> tuple[int, int] | None:
    form = _KEYS.get(text[place : place + 4]) or _KEYS.get(text[place : place + 3])
    found = form.match(text, place, place + _PEM_BYTES) if form else None
    if found is None:
        return None
    if text.startswith(b"BEGIN", place):
        if text[max(0, place - 5) : place] != b"-----":
            return None
        return place - 5, min(found.end() + 5, len(text))
    return found.span()


def _value(text: bytes, place: int) -> tuple[int, int] | None:
    end = text.index(text[place], place + 1)
    name = SECRET_NAME.search(text[max(0, place - NAME_BYTES) : place])
    return (place + 1, end) if name and is_random(text[place + 1 : end]) else None


_LOOK = {
    _EMAIL: ("email", _email),
    _ADDRESS: ("ip_address", _address),
    _KEY: ("secret", _key),
    _VALUE: ("secret", _value),
}


def find_personal_data(texts: Texts, kinds: Collection[str]) -> list[Redaction]:
    """Find what should be replaced.

    Args:
        texts: n documents.
        kinds: of `REPLACEMENTS`.

    Returns:
        Stretches in the order of documents and places; none overlaps another: where two do, the one that starts first,
        and of those the longer, stands.
    """
    chosen = ("email" in kinds, "ip_address" in kinds, "secret" in kinds)
    places = np.zeros((1024, 3), np.int64)
    while (count := _find(texts.data, texts.offsets, *chosen, _SLOTTED, _PREFIXES, _MASKS, places)) > len(places):
        places = np.zeros((count, 3), np.int64)
    return list(_without_overlaps(_verified(texts, places[:count])))


def _verified(texts: Texts, places: I64s) -> list[Redaction]:
    found: list[Redaction] = []
    row, text, first = -1, b"", 0
    for document, sort, place in places.tolist():
        if document != row:
            row, text, first = document, texts.document(document), int(texts.offsets[document])
        kind, look = _LOOK[sort]
        span = look(text, place - first)
        if span is not None:
            found.append(Redaction(row, kind, *span))
    return found


def _without_overlaps(found: Sequence[Redaction]) -> Iterator[Redaction]:
    row, end = -1, 0
    for redaction in sorted(found, key=lambda r: (r.row, r.start, -r.end, r.kind)):
        if redaction.row != row or redaction.start >= end:
            yield redaction
            row, end = redaction.row, redaction.end


def redact(texts: Texts, redactions: Sequence[Redaction]) -> Texts:
    """Replace stretches by the words for their kinds.

    Args:
        texts: n documents.
        redactions: from `find_personal_data`.

    Returns:
        n documents; those without a redaction have the same bytes as before.
    """
    if not redactions:
        return texts
    pieces: dict[int, list[bytes]] = {}
    ends: dict[int, int] = {}
    whole: dict[int, bytes] = {}
    for row, kind, start, end in redactions:
        if row not in whole:
            whole[row], pieces[row], ends[row] = texts.document(row), [], 0
        pieces[row] += [whole[row][ends[row] : start], REPLACEMENTS[kind]]
        ends[row] = end
    changed = {row: b"".join([*parts, whole[row][ends[row] :]]) for row, parts in pieces.items()}
    return texts.replace(changed)
