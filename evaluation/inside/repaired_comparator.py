"""A comparator without the published one's defects: every expected value can be met, and no wrong one is cast right."""

import ast
import math

_TOLERANCE = 1e-6


def repaired(answer: object, expected: object) -> bool:
    """Whether an answer is what is expected.

    Numbers are equal within 1e-6, absolute or relative, wherever they stand; an integer where one is expected may be
    printed as a float of that value, never as another one. Tuples, arrays and pandas' columns are lists, sets are
    sorted lists, None and dictionaries are compared. A text stands for the value that it spells, and the other way
    round.
    """
    value = _as_plain(answer)
    if isinstance(expected, str):
        return str(value) == expected
    if isinstance(value, str):
        value = _as_plain(ast.literal_eval(value.strip()))
    return _same(value, expected)


def _as_plain(value: object) -> object:
    """Lists, dictionaries and scalars of Python's in the place of others that mean the same."""
    to_list = getattr(value, "tolist", None)
    if callable(to_list):  # numpy's and pandas'
        value = to_list()
    elif hasattr(value, "to_numpy"):
        value = value.to_numpy().tolist()
    if isinstance(value, dict):
        return {_as_plain(key): _as_plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_as_plain(item) for item in value)  # type: ignore[type-var]
    if isinstance(value, list | tuple | range | type({}.keys()) | type({}.values())):
        return [_as_plain(item) for item in value]
    return value


def _same(value: object, expected: object) -> bool:
    if isinstance(expected, list):
        return isinstance(value, list) and len(value) == len(expected) and all(map(_same, value, expected))
    if isinstance(expected, dict):
        return (
            isinstance(value, dict)
            and value.keys() == expected.keys()
            and all(_same(value[key], expected[key]) for key in expected)
        )
    if isinstance(expected, bool) or isinstance(value, bool):
        return value is expected
    if isinstance(expected, int | float):
        return isinstance(value, int | float) and math.isclose(value, expected, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return value == expected
