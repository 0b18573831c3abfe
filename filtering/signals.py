"""Signals: the numbers about a document that filter rules compare with thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from filtering.line_statistics import COLUMNS, count_lines

SIGNALS: dict[str, np.dtype] = {
    "characters": np.dtype(np.int64),
    "lines": np.dtype(np.int64),
    "mean_line_length": np.dtype(np.float64),
    "longest_line": np.dtype(np.int64),
    "digit_share": np.dtype(np.float64),
    "hex_digit_share": np.dtype(np.float64),
    "alphanumeric_share": np.dtype(np.float64),
    "alphabetic_share": np.dtype(np.float64),
    "whitespace_share": np.dtype(np.float64),
    "non_ascii_share": np.dtype(np.float64),
}
"""The signals in the order of their columns, with their types.

Lengths are in characters (code points), the unit of the CodeGen paper, not in bytes. Lines end at "\\n" only
and one "\\r" at a line's end does not count; a final newline opens no further line. Shares are in [0, 1]:
characters of the
class divided by all characters of the text, newlines included.

- mean_line_length: characters of all lines / lines.
- digit_share: [0-9]. hex_digit_share: [0-9a-fA-F].
- alphabetic_share: [a-zA-Z] and every non-ASCII character: which of those are letters would cost a Unicode
  table, and nearly all that occur in text are, so a floor on this share does not drop texts in other scripts.
- alphanumeric_share: alphabetic and [0-9].
- whitespace_share: [ \\t\\n\\v\\f\\r]. non_ascii_share: characters above U+007F.

The empty text has the value 0 for every signal.
"""


def compute_signals(texts: Texts) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
    """Compute every signal of every document in one pass over the bytes.

    Args:
        texts: n documents.

    Returns:
        The signals named in `SIGNALS`, in its order, each an array [n] of its type; all values are finite.
    """
    columns = dict(zip(COLUMNS, np.ascontiguousarray(count_lines(texts).T), strict=True))
    characters, lines = columns["characters"], columns["lines"]
    alphabetic = columns["letters"] + columns["non_ascii"]

    def share(count: NDArray[np.int64]) -> NDArray[np.float64]:
        shares: NDArray[np.float64] = count / np.maximum(characters, 1)
        return shares

    return {
        "characters": characters,
        "lines": lines,
        "mean_line_length": columns["line_characters"] / np.maximum(lines, 1),
        "longest_line": columns["longest_line"],
        "digit_share": share(columns["digits"]),
        "hex_digit_share": share(columns["digits"] + columns["hex_letters"]),
        "alphanumeric_share": share(alphabetic + columns["digits"]),
        "alphabetic_share": share(alphabetic),
        "whitespace_share": share(columns["whitespace"]),
        "non_ascii_share": share(columns["non_ascii"]),
    }
