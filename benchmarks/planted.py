"""Documents whose duplicates are known: edits planted in real files, files that only look alike, synthetic corpora.

Similarities are computed here in plain Python, with a tokenizer and sets of its own: nothing of codemill's takes part.
Choices are keyed by the documents' bytes, so the same files give the same pairs wherever they stand.
"""

from __future__ import annotations

import hashlib
import keyword
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Random: TypeAlias = np.random.Generator
Shingles: TypeAlias = frozenset[tuple[bytes, ...]]
Edit: TypeAlias = Callable[[bytes, str, Random], bytes]

SHINGLE = 5
# A byte of 0xE0 or more leads a code point of three or four bytes, which starts a token.
_TOKEN = re.compile(rb"[0-9A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xdf]*")
_NAME = re.compile(rb"(?<![0-9A-Za-z_])[A-Za-z_][0-9A-Za-z_]{3,}")
_NUMBER = re.compile(rb"(?<![0-9A-Za-z_.])[0-9]+(?![0-9A-Za-z_])")
_C_WORDS = "break case char const continue double else enum extern float function goto long return short signed sizeof"
_MORE_WORDS = "static struct switch typedef union unsigned void while this typeof export import include define"
KEYWORDS = frozenset(word.encode() for word in [*keyword.kwlist, *_C_WORDS.split(), *_MORE_WORDS.split()])
NOTICES = (
    b"This file is part of a work that may be used, copied and changed by anybody who keeps this notice in all of it.\n"
    b"The authors promise nothing: they answer neither for its fitness for any purpose nor for any harm that follows\n"
    b"from its use, in whatever form, even where they were told that such harm might come about.\n",
    b"All rights are kept by those who wrote this program. You may pass it on, as source or compiled, if the list of\n"
    b"authors goes with it and if no author is named in an advertisement without having agreed to it in writing.\n"
    b"Whoever runs it does so at his or her own risk; there is no warranty at all, stated or implied.\n",
    b"Licensed to you under one or more agreements; a file beside this one says who owns which part. Unless the law\n"
    b"or a contract asks for more, it is handed over as it stands, without conditions of any kind. See the text for\n"
    b"what it permits and for what it restricts, and send questions to the address on the last page of the manual.\n",
)
EXTRA_NOTICE = b"Later versions of the agreement may be chosen by the reader; earlier ones stay valid for old copies.\n"
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu zan bel cor den fil gar hol jin kap".split()
_STATEMENTS = (
    "{0} = {1} + {2} * {n}",
    "{0} = {3}({1}, {n})",
    "{0} = {1}[{n}] - {2}",
    "{3}({0}, {1}, {2})",
    "{0} = {3}({4}({1}) % {n}, {2})",
    "{1}[{0}] = {2} - {n}",
)
_FORMS = {
    "python": ("def {0}({1}, {2}):\n", "    {0}\n", "    return {0}\n\n\n"),
    "c": ("static long {0}(long {1}, long *{2})\n{{\n", "    {0};\n", "    return {0};\n}}\n\n"),
    "javascript": ("function {0}({1}, {2}) {{\n", "  {0};\n", "  return {0};\n}}\n\n"),
}


def keyed(*parts: bytes | int | str) -> Random:
    """Random choices that depend on these parts alone."""
    digest = hashlib.sha256(b"\0".join(part if isinstance(part, bytes) else str(part).encode() for part in parts))
    return np.random.default_rng(np.frombuffer(digest.digest(), "<u4"))


def shingles(document: bytes) -> Shingles:
    """Every 5 consecutive tokens."""
    tokens = _TOKEN.findall(document)
    return frozenset(zip(*(tokens[place:] for place in range(SHINGLE)), strict=False))


def similarity(higher: Shingles, lower: Shingles) -> tuple[float, float]:
    """Jaccard, and how much of `lower` is in `higher`; 0 where there is nothing to divide by."""
    common = len(higher & lower)
    return common / max(len(higher) + len(lower) - common, 1), common / max(len(lower), 1)


def program(language: str, random: Random, functions: int) -> bytes:
    """Functions of made-up statements in Python, C or JavaScript."""
    first, line, last = _FORMS[language]

    def word() -> str:
        return "_".join("".join(random.choice(_SYLLABLES, 2)) for _ in range(int(random.integers(1, 3))))

    parts = []
    for _ in range(functions):
        names = [word() for _ in range(8)]
        parts.append(first.format(*names))
        for _ in range(int(random.integers(4, 16))):
            chosen = [names[i] for i in random.integers(1, 8, 5)]
            statement = _STATEMENTS[int(random.integers(len(_STATEMENTS)))]
            parts.append(line.format(statement.format(*chosen, n=int(random.integers(1000)))))
        parts.append(last.format(names[1]))
    return "".join(parts).encode()


def without_header(text: bytes, language: str) -> bytes:
    """The text behind the comment that it starts with, if it does."""
    comment = rb"(?:[ \t]*(?:#[^\n]*)?\n)+" if language == "python" else rb"\s*(?:/\*.*?\*/\s*|//[^\n]*\n\s*)+"
    found = re.match(comment, text, re.DOTALL)
    return text[found.end() :] if found else text


def with_header(text: bytes, language: str, notice: bytes) -> bytes:
    """The text behind a notice, in place of the comment that it starts with."""
    mark = b"# " if language == "python" else b"// "
    return b"".join(mark + line + b"\n" for line in notice.splitlines()) + b"\n" + without_header(text, language)


def rename_identifiers(text: bytes, language: str, random: Random) -> bytes:
    """One to eight names, every time they occur."""
    names = sorted(set(_NAME.findall(text)) - KEYWORDS)
    chosen = random.permutation(len(names))[: int(random.integers(1, 9))].tolist()
    new = {names[i]: names[i] + b"_" + "".join(random.choice(_SYLLABLES, 2)).encode() for i in chosen}
    return _NAME.sub(lambda found: new.get(found[0], found[0]), text)


def change_header(text: bytes, language: str, random: Random) -> bytes:
    """Another licence notice."""
    notice = NOTICES[int(random.integers(len(NOTICES)))]
    return with_header(text, language, notice + EXTRA_NOTICE * int(random.integers(2)))


def insert_blocks(text: bytes, language: str, random: Random) -> bytes:
    """One to six new functions between lines."""
    lines = text.splitlines(keepends=True)
    for place in sorted(random.integers(0, len(lines) + 1, int(random.integers(1, 7))).tolist(), reverse=True):
        lines.insert(place, program(language, random, 1))
    return b"".join(lines)


def reorder_functions(text: bytes, language: str, random: Random) -> bytes:
    """What stands between blank lines at the outermost level, in another order."""
    blocks = re.split(rb"\n\n+(?=[^\s)}\]])", text)
    return b"\n\n".join(blocks[i] for i in random.permutation(len(blocks)).tolist())


def change_constants(text: bytes, language: str, random: Random) -> bytes:
    """A share of the numbers, and all of the layout: indentation, spaces around signs, line ends."""
    share = random.uniform(0.1, 1.0)

    def replaced(found: re.Match[bytes]) -> bytes:
        return str(int(random.integers(10**4))).encode() if random.random() < share else found[0]

    changed = _NUMBER.sub(replaced, text).replace(b"    ", b"\t").replace(b" = ", b"=").replace(b", ", b",  ")
    return changed.replace(b"\r\n", b"\n").replace(b"\n", b" \r\n")


def mix_edits(text: bytes, language: str, random: Random) -> bytes:
    """One edit after the other, of every kind."""
    for edit in (rename_identifiers, change_constants, change_header, insert_blocks, reorder_functions):
        text = edit(text, language, random)
    return text


EDITS: dict[str, Edit] = {
    "renamed identifiers": rename_identifiers,
    "another licence header": change_header,
    "inserted blocks": insert_blocks,
    "reordered functions": reorder_functions,
    "constants and whitespace": change_constants,
    "all of these": mix_edits,
}
NEGATIVES = ("same header only", "same boilerplate only")


class Pair(NamedTuple):
    """Two documents, `edited` made of `base` or like it in parts, and the Jaccard similarity of their shingle sets."""

    kind: str
    base: bytes
    edited: bytes
    jaccard: float


def _pair(kind: str, base: bytes, edited: bytes) -> Pair:
    return Pair(kind, base, edited, similarity(shingles(base), shingles(edited))[0])


def plant(documents: Sequence[tuple[bytes, str]]) -> Iterator[Pair]:
    """Each document, given with its language, with an edit of each kind; and neighbours that share a part only."""
    for text, language in documents:
        for kind, edit in EDITS.items():
            yield _pair(kind, text, edit(text, language, keyed(kind, text)))
    for (one, language), (other, its_language) in pairwise(documents):
        yield _pair(NEGATIVES[0], *(with_header(text, language, b"".join(NOTICES[:2])) for text in (one, other)))
        boilerplate = program(language, keyed("boilerplate", language), 4)
        yield _pair(NEGATIVES[1], *(boilerplate + without_header(text, its_language) for text in (one, other)))


def namesakes(documents: dict[str, bytes], smallest: float = 0.02) -> Iterator[Pair]:
    """Real pairs: files of one name that follow each other by size, as versions and vendored copies do."""
    groups: dict[str, list[str]] = {}
    for path in sorted(documents, key=lambda path: (len(documents[path]), path)):
        groups.setdefault(path.rpartition("/")[2], []).append(path)
    for paths in groups.values():
        for one, other in pairwise(paths):
            if documents[one] != documents[other]:
                pair = _pair("real", documents[one], documents[other])
                if pair.jaccard >= smallest:
                    yield pair


# Synthetic texts are arrays of words of three letters and a space, uint8 [documents, tokens, 4].
_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz0123456789", np.uint8)
VOCABULARY = _LETTERS.size**3
_places = np.indices((_LETTERS.size,) * 3).reshape(3, -1).T
_WORDS = np.ascontiguousarray(np.concatenate([_LETTERS[_places], np.full((VOCABULARY, 1), ord(" "), np.uint8)], axis=1))
CLUSTERED_TOKENS = 304


def words(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """The word of each number below `VOCABULARY`, uint8 [..., 4]."""
    chosen: NDArray[np.uint32] = _WORDS.view(np.uint32)[numbers, 0]
    return chosen.view(np.uint8).reshape(*numbers.shape, 4)


def clusters(documents: int, share: float = 0.4, largest: int = 50) -> NDArray[np.int64]:
    """The cluster of each document, int64 [documents]: a share of them in clusters of 2 to `largest`, most small."""
    random = keyed("clusters", documents)
    sizes = np.arange(2, largest + 1)
    drawn = random.choice(sizes, documents, p=(1 / sizes**2) / (1 / sizes**2).sum())
    members = np.repeat(np.arange(documents), drawn)[: int(share * documents)]
    alone = np.arange(documents, 2 * documents - members.size)
    return np.asarray(random.permutation(np.concatenate([members, alone])), np.int64)


def clustered(cluster: NDArray[np.int64], seed: int) -> NDArray[np.uint8]:
    """Texts of 304 words; those of one cluster differ in a run of up to 60 words each."""
    places = np.arange(CLUSTERED_TOKENS)
    mixed = (cluster[:, None] * CLUSTERED_TOKENS + places).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = ((mixed >> np.uint64(29)) % np.uint64(VOCABULARY)).astype(np.int64)
    random = keyed("clustered", seed)
    starts = random.integers(0, CLUSTERED_TOKENS, (cluster.size, 1))
    changed = (places >= starts) & (places < starts + random.integers(0, 61, (cluster.size, 1)))
    numbers[changed] = random.integers(0, VOCABULARY, int(changed.sum()))
    return words(numbers)


def templated(documents: int, tokens: int, own: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Texts of one template of `tokens` words, in which each has words of its own at the places `own`."""
    random = keyed("templated", documents, tokens)
    numbers = np.broadcast_to(random.integers(0, VOCABULARY, tokens), (documents, tokens)).copy()
    numbers[:, own] = random.integers(0, VOCABULARY, (documents, own.size))
    return words(numbers)
