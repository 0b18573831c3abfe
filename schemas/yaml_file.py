"""YAML in, validated frozen model out, with errors that name the file, the line, the key and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.errors import CodemillError
from schemas.known_keys import kinds_at, known_keys
from schemas.mistakes import in_words, shown
from schemas.suggest import did_you_mean
from schemas.yaml_text import find, parse
from storage.files import read_bytes

Model = TypeVar("Model", bound=BaseModel)

_SIGNS = {
    "sources": ("a build config", "codemill build"),
    "model": ("a training plan", "codemill train"),
    "runtime_version": ("the description of a TPU slice", "codemill launch --slice"),
}
"""The key that only one kind of file has, what that kind is called, and where it belongs."""


class _Mistake(NamedTuple):
    """What is wrong at one place."""

    line: int
    place: str
    words: str
    remedy: str


def load_model(path: str, model: type[Model]) -> Model:
    """Parse `path` as YAML and validate it as `model`.

    Raises:
        StorageError: it is not readable.
        CodemillError: not YAML, an unknown key (with the nearest known one), or a bad value; of several mistakes the
            first in the file.
    """
    data, root = parse(path, read_bytes(path))
    if data is None:
        raise CodemillError(f"{path}: is empty", "start from a file in examples/")
    if not isinstance(data, dict):
        raise CodemillError(f"{path}: holds {shown(data)}, no keys with values", "start from a file in examples/")
    _refuse_another_kind(path, data, model)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first, *others = _mistakes(error.errors(), root, model)
        line = f", line {first.line}" if first.line else ""
        place = f"{first.place}: " if first.place else ""
        more = f" (and {len(others)} more mistake{'s'[: len(others) - 1]} in this file)" if others else ""
        raise CodemillError(f"{path}{line}: {place}{first.words}{more}", first.remedy) from None


def _refuse_another_kind(path: str, data: dict[Any, Any], model: type[BaseModel]) -> None:
    wanted = next((what for sign, (what, _) in _SIGNS.items() if sign in model.model_fields), None)
    for sign, (what, command) in _SIGNS.items():
        if wanted and sign in data and sign not in model.model_fields and not data.keys() & _SIGNS.keys() - {sign}:
            raise CodemillError(f"{path}: is {what}, not {wanted}", f"give it to `{command}`, and {wanted} here")


def _mistakes(problems: Sequence[ErrorDetails], root: yaml.Node | None, model: type[BaseModel]) -> list[_Mistake]:
    """What is wrong, in the order of the file; missing keys, which may be misspelt ones, last."""
    by_place: dict[tuple[str, ...], tuple[int, list[ErrorDetails]]] = {}
    for problem in problems:
        place, line = find(root, _place(problem), problem["type"] == "missing")
        by_place.setdefault(tuple(place), (line or 0, []))[1].append(problem)
    # Where a value may be of several kinds, the arm that was taken tells what is wrong further in; the others do not.
    deepest = {
        place: found
        for place, found in by_place.items()
        if not any(other[: len(place)] == place for other in by_place if len(other) > len(place) and place)
    }
    made = [_mistake(".".join(place), line, found, model) for place, (line, found) in deepest.items()]
    missing = {mistake for mistake in made if mistake.words == "is missing"}
    return sorted(made, key=lambda mistake: (mistake in missing, mistake.line))


def _place(problem: ErrorDetails) -> tuple[str | int, ...]:
    """Where a problem is; a check of several keys may say itself which one is meant."""
    known = problem.get("ctx", {})
    if problem["type"] == "union_tag_invalid":
        return (*problem["loc"], known["discriminator"].strip("'"))
    return (*problem["loc"], *getattr(known.get("error"), "place", ()))


def _mistake(place: str, line: int, problems: Sequence[ErrorDetails], model: type[BaseModel]) -> _Mistake:
    first = problems[0]
    if first["type"] == "extra_forbidden":
        *parent, key = first["loc"]
        known = known_keys(model, parent)
        return _Mistake(
            line, place, f"unknown key{did_you_mean(str(key), known)}", f"the keys here are {', '.join(known)}"
        )
    if first["type"] == "missing":
        return _Mistake(line, place, "is missing", "add it; examples/ has whole files")
    if first["type"] == "union_tag_not_found":
        kinds = ", ".join(kinds_at(model, first["loc"]))
        return _Mistake(line, f"{place}.kind", "is missing", f"add it; it may be {kinds}")
    return _Mistake(line, place, in_words(problems), "correct that line" if line else "correct it")
