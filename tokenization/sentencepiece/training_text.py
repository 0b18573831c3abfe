"""Cut documents into the sentences that SentencePiece's trainer takes.

The trainer drops, without an error, sentences that are too long or hold a character it uses itself. Cut as here,
nothing of a document is dropped except those characters, which never become part of a piece anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SENTENCE_BYTES = 4096
"""The trainer's own limit on a sentence; a character has at most four bytes."""

# Line ends and tabs have pieces of their own (see `sentencepiece.py`), and the tab is the trainer's border mark; NUL
# ends its strings; U+2581 is its space mark and U+2585 its mark for rare characters.
_BORDERS = re.compile("[\n\r\t\0\u2581\u2585]+")
_LONGEST = SENTENCE_BYTES // 4


def sentences(documents: Iterable[bytes]) -> Iterator[str]:
    """The sentences of documents (valid UTF-8), in order.

    Lines that are too long are cut before a space where one is near, so that a word is cut only when it is itself
    about as long as a sentence may be.
    """
    for document in documents:
        for line in _BORDERS.split(document.decode()):
            start = 0
            while len(line) - start > _LONGEST:
                end = line.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
                end = end if end > 0 else start + _LONGEST
                yield line[start:end]
                start = end
            if start < len(line):
                yield line[start:]
