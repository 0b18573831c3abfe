"""Personal data and secrets: found, replaced by a word for their kind, and recorded as spans.

Regular expressions look only where `suspect_places` says that something might begin.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from filtering.secret_forms import KEY_FORMS, NAME_BYTES, SECRET_NAME, is_random
from filtering.suspect_places import ADDRESS, EMAIL, KEY, VALUE, suspect_places

I64s: TypeAlias = NDArray[np.int64]

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


class Redaction(NamedTuple):
    """A stretch that was replaced."""

    row: int
    """The document."""
    kind: str
    start: int
    end: int
    """Bytes of the document as it was before."""


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
    EMAIL: ("email", _email),
    ADDRESS: ("ip_address", _address),
    KEY: ("secret", _key),
    VALUE: ("secret", _value),
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
    return list(_without_overlaps(_verified(texts, suspect_places(texts, kinds))))


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
