"""CodeGen's comparator of printed values, defects and all: what published pass rates were counted with."""

_INTEGERS = frozenset({"uint8", "int16", "int32", "int64"})
_FLOATS = frozenset({"float16", "float32", "float64"})
_BOOLEANS = frozenset({"bool", "bool_"})  # the name depends on numpy's version


def published(answer: object, expected: object) -> bool:
    """Whether an answer passes; what cannot be compared raises some exception.

    Args:
        answer: any object of the program's.
        expected: read from JSON.
    """
    answer, expected = _plain_answer(answer, expected)
    if type(answer) is not type(expected):
        if isinstance(expected, bool):
            answer, expected = str(answer), str(expected)
        else:
            answer = type(expected)(answer)  # type: ignore[call-arg]
    if isinstance(answer, float) and isinstance(expected, float):
        return abs(answer - expected) < 1e-6
    if type(answer) in (str, int, set, list, bool, tuple):
        return answer == expected
    if _numpy_name(answer) == "ndarray":
        import numpy

        return bool(numpy.allclose(answer, expected))  # type: ignore[arg-type]
    raise TypeError(f"values of type {type(answer).__name__} are never compared")


def _plain_answer(answer: object, expected: object) -> tuple[object, object]:
    """Both as they are compared: plain Python where the answer is numpy's, arrays where it is pandas'."""
    name = _numpy_name(answer)
    kind = type(answer)
    if kind.__name__ == "Series" and kind.__module__ == "pandas.core.series":
        import numpy

        return answer.to_numpy(), numpy.array(expected)  # type: ignore[attr-defined]
    if kind is list and answer and type(answer[0]) is tuple:  # type: ignore[index]
        return [list(item) for item in answer], expected  # type: ignore[attr-defined]
    if name in _INTEGERS:
        return int(answer), expected  # type: ignore[call-overload]
    if name in _FLOATS:
        return float(answer), expected  # type: ignore[arg-type]
    if name in _BOOLEANS:
        return bool(answer), expected
    if name == "ndarray":
        return answer.tolist(), expected  # type: ignore[attr-defined]
    return answer, expected


def _numpy_name(value: object) -> str:
    """The name of a type of numpy's, else nothing; numpy itself need not be there."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "numpy" else ""
