"""Files that hold many documents each: what kind they are, by the first rows of some of them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from codemill.initial.found import Found, Looked
from codemill.initial.kinds import PACKED, Kind, data_suffix
from codemill.initial.listing import File, Listing
from codemill.initial.patterns import globs
from codemill.initial.peek import Peek, peek
from storage.uris import join

MOST_PEEKS = 64
"""Files that are opened of those with one ending in one folder, where the first, middle and last differ in kind."""
_UNPACKED = 3
"""Bytes of text that a byte of a packed file comes to, about."""


class _Part(NamedTuple):
    """Files with one ending in one folder that are of one kind."""

    files: Sequence[File]
    suffix: str
    seen: Peek


def data_files(folder: str, listing: Listing) -> tuple[Looked, list[File]]:
    """(what was found, the files that are left for other kinds).

    Raises:
        StorageError: a file cannot be read.
    """
    plain: list[File] = []
    groups: dict[tuple[str, str], list[File]] = defaultdict(list)
    for file in listing.files:
        suffix = data_suffix(file.relative)
        if suffix:
            groups[file.folder, suffix].append(file)
        else:
            plain.append(file)
    kinds: dict[Kind, list[_Part]] = defaultdict(list)
    left: list[str] = []
    opened = 0
    for (_, suffix), files in sorted(groups.items()):
        looks = _Looks(folder, suffix)
        for part in looks.parts(files):
            if part.seen.kind is not None:
                kinds[part.seen.kind].append(part)
            elif suffix == ".json":  # as in any tree of code
                plain += part.files
            else:
                left.append(_told(part))
        opened += looks.opened
    found = [each for kind in Kind if kind in kinds for each in _sources(folder, listing, kind, kinds[kind])]
    return Looked(tuple(found), tuple(left), opened), plain


class _Looks:
    """Looks into files of one folder with one ending."""

    def __init__(self, folder: str, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix
        self.opened = 0

    def parts(self, files: Sequence[File]) -> Iterator[_Part]:
        """The files, by kind."""
        seen = [self._peek(files[index]) for index in sorted({0, len(files) // 2, len(files) - 1})]
        if len({each.kind for each in seen}) == 1:
            yield _Part(files, self._suffix, _together(seen))
            return
        each = [(file, self._peek(file)) for file in files[:MOST_PEEKS]]
        for kind in (*Kind, None):
            own = [(file, peeked) for file, peeked in each if peeked.kind == kind]
            if own:
                yield _Part([file for file, _ in own], self._suffix, _together([peeked for _, peeked in own]))
        if files[MOST_PEEKS:]:
            why = f"not looked into; the first {MOST_PEEKS} of that folder are of several kinds"
            yield _Part(files[MOST_PEEKS:], self._suffix, Peek(None, why))

    def _peek(self, file: File) -> Peek:
        self.opened += 1
        return peek(join(self._folder, file.relative), self._suffix)


def _together(seen: Sequence[Peek]) -> Peek:
    languages = sum((each.languages for each in seen), Counter[str]())
    subsets = tuple(sorted({name for each in seen for name in each.subsets}))
    characters = frozenset[str]().union(*(each.characters for each in seen))
    return replace(seen[0], languages=languages, subsets=subsets, characters=characters)


def _told(part: _Part) -> str:
    first = json.dumps(part.files[0].relative)
    more = f" and {len(part.files) - 1:,} more {part.suffix} beside it" if len(part.files) > 1 else ""
    return f"{first}{more}: {part.seen.why}"


def _sources(folder: str, listing: Listing, kind: Kind, parts: Iterable[_Part]) -> Iterator[Found]:
    by_name = {file.relative: (file, part) for part in parts for file in part.files}
    others = [file.relative for file in listing.files if file.relative not in by_name]
    for paths, names in globs(folder, list(by_name), others, listing.repositories):
        languages: Counter[str] = Counter()
        subsets: set[str] = set()
        characters: set[str] = set()
        stored = text = 0
        for file, part in map(by_name.__getitem__, names):
            packed = part.suffix.endswith((*PACKED, ".parquet", ".avro"))
            own = file.size * (_UNPACKED if packed else 1)
            stored, text = stored + file.size, text + own
            subsets |= set(part.seen.subsets)
            characters |= part.seen.characters
            whole = max(1, part.seen.languages.total())
            languages.update({name: own * size // whole for name, size in part.seen.languages.items()})
        yield Found(kind, paths, len(names), stored, text, languages, tuple(sorted(subsets)), len(characters))
