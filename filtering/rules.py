"""Judge documents by rules: which rules each document fails, as a bit map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filtering.signals import SIGNALS
from schemas.documents import MAXIMUM_RULES
from schemas.errors import CodemillError
from schemas.rules import Rule
from schemas.suggest import did_you_mean

Languages: TypeAlias = Sequence[str] | NDArray[Any] | pa.Array | pa.ChunkedArray

ERROR = ":error"
"""Marks the reason of a document whose signal could not be computed."""

_KEEPS = {"below": np.less, "at_most": np.less_equal, "above": np.greater, "at_least": np.greater_equal}


def check_rules(rules: Sequence[Rule]) -> None:
    """Refuse rules that cannot be evaluated.

    Raises:
        CodemillError: an unknown signal, two rules of one name, or more rules than the bit map has bits.
    """
    if len(rules) > MAXIMUM_RULES:
        raise CodemillError(f"{len(rules)} filter rules are given", f"use at most {MAXIMUM_RULES}")
    names = set()
    for rule in rules:
        if rule.signal not in SIGNALS:
            near = did_you_mean(rule.signal, SIGNALS)
            raise CodemillError(
                f"filter rule {rule.name!r} uses the unknown signal {rule.signal!r}{near}",
                f"choose from {', '.join(SIGNALS)}",
            )
        if rule.name in names:
            raise CodemillError(f"two filter rules are called {rule.name!r}", "give each rule a name of its own")
        names.add(rule.name)


def evaluate(rules: Sequence[Rule], signals: Mapping[str, NDArray[Any]], languages: Languages) -> NDArray[np.uint64]:
    """Find the rules that each document fails. Every rule is evaluated for every document.

    A rule with `languages` does not apply to other languages, so their documents pass it. A signal that is not a finite
    number fails the rule: a missing value never lets a document through.

    Args:
        rules: at most `MAXIMUM_RULES`.
        signals: arrays [n], one for each signal that the rules name.
        languages: the language of each document, strings [n]; null counts as "".

    Returns:
        uint64 [n]: bit i is set where rules[i] failed; 0 means that the document is kept.

    Raises:
        CodemillError: see `check_rules`.
        ValueError: a signal has another length than `languages`.
    """
    check_rules(rules)
    encoded = _dictionary(languages)
    names: list[str] = [name or "" for name in encoded.dictionary.to_pylist()]
    which = np.asarray(encoded.indices.fill_null(0), np.int64)
    failed = np.zeros(which.size, np.uint64)
    for bit, rule in enumerate(rules):
        values = np.asarray(signals[rule.signal], np.float64)
        if values.shape != which.shape:
            raise ValueError(f"{values.shape} values of {rule.signal} for {which.size} documents")
        thresholds = np.array([rule.threshold_for(name) for name in names], np.float64)
        exempt = np.array([not rule.applies_to(name) for name in names], np.bool_)
        kept = _KEEPS[rule.comparison](values, thresholds[which]) & np.isfinite(values)
        failed |= (~(kept | exempt[which])).astype(np.uint64) << np.uint64(bit)
    return failed


def verdicts(rules: Sequence[Rule], signals: Mapping[str, NDArray[Any]], failed: NDArray[np.uint64]) -> pa.StringArray:
    """One reason for each document that fails: its first failed rule.

    Args:
        rules: at most `MAXIMUM_RULES`.
        signals: as for `evaluate`.
        failed: from `evaluate`.

    Returns:
        [n] the name of the rule of the lowest set bit, with `ERROR` behind it where the rule failed because its signal
        is not a number; "" where no bit is set.
    """
    names = ["", *(rule.name for rule in rules), *(rule.name + ERROR for rule in rules)]
    which = np.zeros(failed.size, np.int64)
    for bit in reversed(range(len(rules))):
        broken = ~np.isfinite(np.asarray(signals[rules[bit].signal], np.float64))
        rows = (failed >> np.uint64(bit)) & np.uint64(1) == 1
        which[rows] = 1 + bit + len(rules) * broken[rows]
    return pa.array(names, pa.string()).take(pa.array(which))


def _dictionary(languages: Languages) -> pa.DictionaryArray:
    if isinstance(languages, pa.ChunkedArray):
        languages = languages.combine_chunks()
    if not isinstance(languages, pa.Array):
        languages = pa.array(languages, pa.string())
    if pa.types.is_dictionary(languages.type):
        languages = languages.dictionary_decode()
    return languages.fill_null("").dictionary_encode()


def failed_rules(rules: Sequence[Rule], failed: int) -> list[str]:
    """The names of the rules in one document's bit map, in the order of the rules."""
    return [rule.name for bit, rule in enumerate(rules) if int(failed) >> bit & 1]
