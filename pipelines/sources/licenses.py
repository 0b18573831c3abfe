"""Tell a licence from the files that state it, as an SPDX identifier in lower case or "" where it is not plain.

A text is compared with those of the well-known licences (the `identify` package holds them). One that resembles none,
because it is cut short, or one among other notices, is looked at for words that only one licence has. A text that
holds the words of none, or a name that could mean several licences ("BSD"), gives "".
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

from identify.vendor.licenses import LICENSES

LICENSE_BYTES = 1 << 16
"""How much of a licence file is looked at."""
SIMILAR = 0.9
"""Least similarity of a text with a licence's."""

_LICENSE_NAME = re.compile(r"(licen[cs]e|copying|unlicense)([-._].*)?|mit-license([-._].*)?", re.IGNORECASE)
_METADATA = re.compile(r"(?P<name>[^/]+?)(-[^/]+)?\.(dist-info/METADATA|egg-info/PKG-INFO)")

_COPYRIGHT = re.compile(r"\W*(copyright|\(c\)|©|all rights reserved)", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")

# In this order: a text is known by the first line of this table all of whose words it holds.
_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("psf-2.0", ("python software foundation license",)),
    ("apache-2.0", ("apache license", "version 2.0")),
    ("mpl-2.0", ("mozilla public license", "2.0")),
    ("agpl-3.0", ("gnu affero general public license", "version 3")),
    ("lgpl-3.0", ("gnu lesser general public license", "version 3")),
    ("lgpl-2.1", ("gnu lesser general public license", "version 2.1")),
    ("lgpl-2.0", ("gnu library general public license", "version 2")),
    ("gpl-3.0", ("gnu general public license", "version 3")),
    ("gpl-2.0", ("gnu general public license", "version 2")),
    ("unlicense", ("free and unencumbered software released into the public domain",)),
    ("bsl-1.0", ("boost software license", "version 1.0")),
    ("cc0-1.0", ("cc0 1.0 universal",)),
    ("isc", ("permission to use, copy, modify, and", "distribute this software for any purpose")),
    ("mit", ("permission is hereby granted, free of charge", "without restriction")),
    ("bsd-3-clause", ("redistributions of source code must retain", "neither the name")),
    ("bsd-3-clause", ("redistributions of source code must retain", "may not be used to endorse")),
    ("bsd-2-clause", ("redistributions of source code must retain", "redistributions in binary form")),
)

_CLASSIFIERS: dict[str, str] = {
    "Apache Software License": "apache-2.0",
    "MIT License": "mit",
    "ISC License (ISCL)": "isc",
    "Mozilla Public License 2.0 (MPL 2.0)": "mpl-2.0",
    "GNU General Public License v2 (GPLv2)": "gpl-2.0",
    "GNU General Public License v3 (GPLv3)": "gpl-3.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "lgpl-3.0",
    "GNU Affero General Public License v3": "agpl-3.0",
    "Python Software Foundation License": "psf-2.0",
    "The Unlicense (Unlicense)": "unlicense",
    "Boost Software License 1.0 (BSL-1.0)": "bsl-1.0",
}


def license_scope(relative: str) -> str | None:
    """The directory whose files a file states the licence of, by its name; None for any other file.

    A LICENSE, LICENCE, COPYING or UNLICENSE file speaks for its own directory. The METADATA of an installed Python
    package `d/name-1.0.dist-info` speaks for `d/name`, by the package's name in normal form.
    """
    folder, _, name = relative.rpartition("/")
    if _LICENSE_NAME.fullmatch(name):
        return folder
    parent, _, info = folder.rpartition("/")
    match = _METADATA.fullmatch(f"{info}/{name}")
    return f"{parent}/{normal_form(match['name'])}".lstrip("/") if match else None


def scopes_of(relative: str) -> tuple[str, ...]:
    """The scopes that a file lies in, the nearest first, down to "" for the root."""
    return _folder_scopes(relative.rpartition("/")[0])


@lru_cache(maxsize=1 << 16)
def _folder_scopes(folder: str) -> tuple[str, ...]:
    """The folder and those around it, each also by its Python package's name in normal form."""
    scopes: list[str] = []
    while folder:
        parent, _, name = folder.rpartition("/")
        normal = f"{parent}/{normal_form(name)}".lstrip("/")
        scopes += [folder] if normal == folder else [folder, normal]
        folder = parent
    return (*scopes, "")


def normal_form(package: str) -> str:
    """A Python package's name as an importable one: lower case, one underscore between words."""
    return re.sub(r"[-_.]+", "_", package).lower()


def detect_license(relative: str, content: bytes) -> str:
    """The SPDX identifier that a file with a `license_scope` states, or ""."""
    text = content[:LICENSE_BYTES].decode("utf-8", "replace")
    if _METADATA.fullmatch("/".join(relative.split("/")[-2:])):
        return _of_metadata(text)
    similar = most_similar(text)
    if similar:
        return similar
    words = " ".join(text.lower().split())
    return next((name for name, needed in _TEXTS if all(part in words for part in needed)), "")


def most_similar(text: str) -> str:
    """The licence whose text is most like this one, or "" if none reaches SIMILAR.

    Similarity is that of Dice, 2 |A & B| / (|A| + |B|), of the sets of neighbouring words. Lines that name a holder of
    copyright do not count.
    """
    own = _word_pairs(text)
    best, found = SIMILAR, ""
    for name, pairs in _templates():
        total = len(own) + len(pairs)
        if 2 * min(len(own), len(pairs)) < best * total:
            continue
        similarity = 2 * len(own & pairs) / total
        if similarity > best or (similarity == best and not found):
            best, found = similarity, name
    return found


@lru_cache(maxsize=1)
def _templates() -> tuple[tuple[str, frozenset[tuple[str, str]]], ...]:
    return tuple((name.lower(), _word_pairs(text)) for name, text in sorted(LICENSES))


def _word_pairs(text: str) -> frozenset[tuple[str, str]]:
    lines = [line for line in text.lower().splitlines() if not _COPYRIGHT.match(line)]
    words = _WORD.findall("\n".join(lines))
    return frozenset(itertools.pairwise(words))


def _of_metadata(text: str) -> str:
    header = text.replace("\r\n", "\n").split("\n\n", 1)[0]
    for line in header.split("\n"):
        key, _, value = line.partition(":")
        if key.lower() == "license-expression" and re.fullmatch(r"[A-Za-z0-9.+-]+", value.strip()):
            return value.strip().lower()
    names = re.findall(r"^Classifier: License :: (?:OSI Approved :: )?(.+?)\s*$", header, re.MULTILINE)
    found = {_CLASSIFIERS.get(name, "") for name in names}
    return found.pop() if len(found) == 1 else ""
