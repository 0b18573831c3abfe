"""Whether Python source parses, by the grammar of the running interpreter."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts

GRAMMAR = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python version whose grammar decides; Python 2 and newer syntax do not parse."""


def python_parses(texts: Texts, languages: Sequence[str]) -> NDArray[np.float64]:
    """Parse the documents whose language is "python".

    Args:
        texts: n documents.
        languages: the language of each.

    Returns:
        float64 [n]: 1 where it parses, and for other languages; 0 where it does not; not a number where the parser
        itself gave up (nesting or memory).
    """
    answers = np.ones(len(texts), np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the document's own escapes
        for row, language in enumerate(languages):
            if language == "python":
                answers[row] = _parses(texts.document(row))
    return answers


def _parses(source: bytes) -> float:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return 0.0
    except (RecursionError, MemoryError):
        return np.nan
    return 1.0
