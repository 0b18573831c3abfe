"""Signals: the numbers about a document that filter rules compare with thresholds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from filtering import encoded_data, lexical, line_kinds, line_statistics, repetition, words
from filtering.boilerplate import curly_bracket, lorem_ipsum
from filtering.generated import generated_marker
from filtering.markup import MARKUP_LANGUAGES, visible_characters, xml_declaration
from filtering.natural_language import language_probability
from filtering.paths import is_generated_path, is_vendored
from filtering.python_syntax import python_parses

Column: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
Columns: TypeAlias = dict[str, Column]

_WHOLE = np.dtype(np.int64)
_REAL = np.dtype(np.float64)
_LINE_KINDS = {f"{name.removesuffix('s')}_share": name for name in line_kinds.COLUMNS if name != "written_lines"}
_NGRAMS = {
    **{f"top_{n}gram_share": f"top_{n}gram_bytes" for n in repetition.TOP_NGRAMS},
    **{f"duplicate_{n}gram_share": f"duplicate_{n}gram_bytes" for n in repetition.DUPLICATE_NGRAMS},
}
"""Shares, each with the column that is divided."""


class Batch(NamedTuple):
    """n documents and what is known of them."""

    texts: Texts
    languages: Sequence[str]
    paths: Sequence[str]


class Family(NamedTuple):
    """Signals that are computed together."""

    signals: dict[str, np.dtype[Any]]
    compute: Callable[[Batch, Columns], Columns]
    """From the documents and the signals of the families before it."""
    always: bool
    """Computed and stored for every document; the others where a rule names one of their signals."""


def _shares(counts: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / np.maximum(whole, 1)
    return shares


def _lines(batch: Batch, _: Columns) -> Columns:
    count = _named(line_statistics.COLUMNS, line_statistics.count_lines(batch.texts))
    characters = count["characters"]
    alphabetic = count["letters"] + count["non_ascii"]
    return {
        "characters": characters,
        "lines": count["lines"],
        "mean_line_length": count["line_characters"] / np.maximum(count["lines"], 1),
        "longest_line": count["longest_line"],
        "digit_share": _shares(count["digits"], characters),
        "hex_digit_share": _shares(count["digits"] + count["hex_letters"], characters),
        "alphanumeric_share": _shares(alphabetic + count["digits"], characters),
        "alphabetic_share": _shares(alphabetic, characters),
        "whitespace_share": _shares(count["whitespace"], characters),
        "non_ascii_share": _shares(count["non_ascii"], characters),
        "replacement_share": _shares(count["replacements"], characters),
    }


def _encoded(batch: Batch, _: Columns) -> Columns:
    count = _named(encoded_data.COLUMNS, encoded_data.count_encoded(batch.texts))
    return {
        "encoded_share": _shares(count["encoded_bytes"], batch.texts.lengths()),
        "longest_encoded_run": count["longest_encoded_run"],
    }


def _lexical(batch: Batch, _: Columns) -> Columns:
    count = _named(lexical.COLUMNS, lexical.count_lexical(batch.texts, batch.languages))
    size = batch.texts.lengths()
    return {
        "comment_share": _shares(count["comment_bytes"], size),
        "string_share": _shares(count["string_bytes"], size),
    }


def _origin(batch: Batch, _: Columns) -> Columns:
    return {
        "generated_marker": generated_marker(batch.texts),
        "generated_path": np.array([is_generated_path(path) for path in batch.paths], np.int64),
        "vendored": np.array([is_vendored(path) for path in batch.paths], np.int64),
    }


def _markup(batch: Batch, before: Columns) -> Columns:
    markup = np.array([language in MARKUP_LANGUAGES for language in batch.languages], np.bool_)
    characters = before["characters"].astype(np.int64, copy=False)
    visible = visible_characters(batch.texts, markup, characters)
    return {
        "xml_declaration": xml_declaration(batch.texts),
        "visible_characters": visible,
        "visible_share": _shares(visible, characters),
    }


def _words(batch: Batch, _: Columns) -> Columns:
    count = _named(words.COLUMNS, words.count_words(batch.texts))
    number, characters = count["words"], count["word_characters"]
    return {
        "words": number,
        "mean_word_length": characters / np.maximum(number, 1),
        "lettered_word_share": _shares(count["lettered_words"], number),
        "long_word_share": _shares(count["long_word_characters"], characters),
        "hex_word_share": _shares(count["hex_words"], number),
        "symbol_word_ratio": _shares(count["symbols"], number),
        "stop_words": count["stop_words"],
    }


def _line_kinds(batch: Batch, _: Columns) -> Columns:
    count = _named(line_kinds.COLUMNS, line_kinds.count_line_kinds(batch.texts))
    return {share: _shares(count[name], count["written_lines"]) for share, name in _LINE_KINDS.items()}


def _repetition(batch: Batch, _: Columns) -> Columns:
    count = _named(repetition.COLUMNS, repetition.count_repetition(batch.texts))
    return {
        "duplicate_line_share": _shares(count["duplicate_lines"], count["compared_lines"]),
        "duplicate_line_byte_share": _shares(count["duplicate_line_bytes"], count["compared_line_bytes"]),
        **{share: _shares(count[name], count["word_bytes"]) for share, name in _NGRAMS.items()},
    }


def _named(names: Sequence[str], counts: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    return dict(zip(names, np.ascontiguousarray(counts.T), strict=True))


def _kinds(whole: Iterable[str] = (), real: Iterable[str] = ()) -> dict[str, np.dtype[Any]]:
    return dict.fromkeys(whole, _WHOLE) | dict.fromkeys(real, _REAL)


FAMILIES: dict[str, Family] = {
    "lines": Family(
        {
            "characters": _WHOLE,
            "lines": _WHOLE,
            "mean_line_length": _REAL,
            "longest_line": _WHOLE,
            "digit_share": _REAL,
            "hex_digit_share": _REAL,
            "alphanumeric_share": _REAL,
            "alphabetic_share": _REAL,
            "whitespace_share": _REAL,
            "non_ascii_share": _REAL,
            "replacement_share": _REAL,
        },
        _lines,
        True,
    ),
    "encoded": Family({"encoded_share": _REAL, "longest_encoded_run": _WHOLE}, _encoded, True),
    "lexical": Family(_kinds(real=("comment_share", "string_share")), _lexical, True),
    "origin": Family(_kinds(("generated_marker", "generated_path", "vendored")), _origin, True),
    "markup": Family(
        {"xml_declaration": _WHOLE, "visible_characters": _WHOLE, "visible_share": _REAL},
        _markup,
        True,
    ),
    "words": Family(
        {
            "words": _WHOLE,
            "mean_word_length": _REAL,
            "lettered_word_share": _REAL,
            "long_word_share": _REAL,
            "hex_word_share": _REAL,
            "symbol_word_ratio": _REAL,
            "stop_words": _WHOLE,
        },
        _words,
        False,
    ),
    "line_kinds": Family(_kinds(real=_LINE_KINDS), _line_kinds, False),
    "repetition": Family(
        _kinds(real=("duplicate_line_share", "duplicate_line_byte_share", *_NGRAMS)), _repetition, False
    ),
    "boilerplate": Family(
        _kinds(("lorem_ipsum", "curly_bracket")),
        lambda batch, _: {"lorem_ipsum": lorem_ipsum(batch.texts), "curly_bracket": curly_bracket(batch.texts)},
        False,
    ),
    "python": Family(
        _kinds(real=("python_parses",)),
        lambda batch, _: {"python_parses": python_parses(batch.texts, batch.languages)},
        False,
    ),
    "language": Family(
        _kinds(real=("language_probability",)),
        lambda batch, _: {"language_probability": language_probability(batch.texts, batch.languages)},
        False,
    ),
}
"""The families of signals; docs/filtering.md says what each signal is.

Lengths are in characters (code points), the unit of the CodeGen paper, not in bytes. Lines end at "\\n" only and one
"\\r" at a line's end does not count; a final newline opens no further line. Shares are in [0, 1] and 0 where there is
nothing to divide by.
"""

GIVEN_SIGNALS: dict[str, np.dtype[Any]] = {
    "redactions": _WHOLE,
    "benchmark_runs": _WHOLE,
    "characters_per_token": _REAL,
}
"""Signals that need more than the document, and come from the harvest where the build's config asks for them."""

SIGNALS: dict[str, np.dtype[Any]] = {
    name: kind for family in FAMILIES.values() for name, kind in family.signals.items()
} | GIVEN_SIGNALS
"""Every signal with its type, in the order of their columns."""


def compute_signals(batch: Batch, wanted: Collection[str] = ()) -> Columns:
    """Compute the signals of documents.

    Args:
        batch: n documents.
        wanted: signals that rules name; each brings its whole family, but for the `GIVEN_SIGNALS`, which are left
            out. The families that are always computed come anyway.

    Returns:
        Signals in the order of `SIGNALS`, each an array [n] of its type. All are finite but `python_parses`, which is
        not a number where the parser itself failed.

    Raises:
        KeyError: a wanted signal that does not exist.
    """
    for name in wanted:
        SIGNALS[name]
    columns: Columns = {}
    for family in FAMILIES.values():
        if family.always or any(name in family.signals for name in wanted):
            columns |= family.compute(batch, columns)
    return columns
