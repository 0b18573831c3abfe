"""Pydantic's errors in words for people: what was expected, and what was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

from schemas.suggest import did_you_mean
from storage.uris import without_secrets

LONGEST = 60
"""Characters of a value that a message repeats."""

_EXPECTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of at most 19 digits",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "greater_than": "above {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "below {lt}",
    "less_than_equal": "{le} or less",
    "too_short": "{min_length} or more",
    "too_long": "{max_length} or fewer",
    "string_too_short": "text that is not empty",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "union_tag_invalid": "one of {expected_tags}",
}
"""Kind of error: what is expected; the names in braces are Pydantic's."""

_PATTERNS = {
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "a name of letters, digits and . _ -, that begins with a letter or digit",
    "^[0-9a-fA-F]{64}$": "64 hexadecimal digits",
    "^gs://[^/]+": "a gs:// path",
    r"^gs://.+\.(whl|tar\.gz|zip)$": "a gs:// path of a .whl, .tar.gz or .zip file",
    r"^\d+(x\d+)+$": "numbers with x between, such as 4x4",
    "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$": "a name of up to 63 small letters, digits and -, that begins with a letter",
}
"""What texts have to look like; a pattern that is not here is shown itself."""


def in_words(problems: Sequence[ErrorDetails]) -> str:
    """One sentence about the problems of one value: several are ways in which it might have been right, or none.

    Unknown keys are not known here: they need the names of the others.
    """
    expected = list(dict.fromkeys(filter(None, map(_expected, problems))))
    if not expected:
        return problems[0]["msg"].removeprefix("Value error, ")
    found = problems[0].get("ctx", {}).get("tag", problems[0]["input"])
    return f"must be {' or '.join(expected)}, not {shown(found)}{_hint(problems)}"


def shown(value: Any) -> str:
    """A value as a message repeats it: short, on one line, and without a password."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            text = without_secrets(value)
            return repr(text if len(text) <= LONGEST else text[: LONGEST - 3] + "...")
        case int() | float():
            return str(value)[:LONGEST]
        case list() | tuple():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "keys with values"
    return f"a {type(value).__name__}"


def _expected(problem: ErrorDetails) -> str | None:
    kind, known = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return None
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(known["pattern"], f"text that matches {known['pattern']}")
    words = _EXPECTED.get(kind)
    return words and words.format_map(known)


def _hint(problems: Sequence[ErrorDetails]) -> str:
    for problem in problems:
        found, known = problem["input"], problem.get("ctx", {})
        if isinstance(found, bool) and problem["type"] == "string_type":
            return " (YAML reads yes, no, on and off so; quote it)"
        if isinstance(found, int | float) and problem["type"] == "string_type":
            return " (in quotes it is text)"
        if problem["type"] == "union_tag_invalid":
            return did_you_mean(known["tag"], re.findall("'([^']*)'", known["expected_tags"]))
        if problem["type"] in ("literal_error", "enum") and isinstance(found, str):
            return did_you_mean(found, re.findall("'([^']*)'", known["expected"]))
    return ""
