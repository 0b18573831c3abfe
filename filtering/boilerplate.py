"""Signs of pages that are no prose: placeholder text and code, as C4 looks for them (Raffel et al. 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from filtering.phrases import compile_phrases, contains_phrase

_ANYWHERE = np.iinfo(np.int64).max // 2
_LOREM_IPSUM = compile_phrases(("lorem ipsum",))
_CURLY_BRACKET = compile_phrases(("{",))


def lorem_ipsum(texts: Texts) -> NDArray[np.int64]:
    """1 where "lorem ipsum" occurs, in any case; int64 [n]."""
    return contains_phrase(texts, _LOREM_IPSUM, lines=_ANYWHERE, limit=_ANYWHERE).astype(np.int64)


def curly_bracket(texts: Texts) -> NDArray[np.int64]:
    """1 where "{" occurs; int64 [n]."""
    return contains_phrase(texts, _CURLY_BRACKET, lines=_ANYWHERE, limit=_ANYWHERE).astype(np.int64)
