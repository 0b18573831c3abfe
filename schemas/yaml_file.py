"""YAML in, validated frozen model out, with errors that name the file, the key and the remedy."""

from __future__ import annotations

import difflib
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from schemas.errors import CodemillError
from storage.files import read_bytes

Model = TypeVar("Model", bound=BaseModel)


class _UniqueKeys(yaml.SafeLoader):
    """A safe loader that refuses a key written twice, where YAML would keep the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def load_model(path: str, model: type[Model]) -> Model:
    """Parse `path` as YAML and validate it as `model`.

    Raises:
        CodemillError: not readable, not YAML, an unknown key (with the nearest known one), or a bad value.
    """
    try:
        text = read_bytes(path)
    except OSError as error:
        raise CodemillError(f"{path}: cannot be read ({error})", "check the path") from None
    try:
        data = yaml.load(text, _UniqueKeys)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CodemillError(f"{path}{place}: not valid YAML: {problem}", "mend the syntax there") from None
    if not isinstance(data, dict):
        raise CodemillError(f"{path}: holds no mapping of keys", "start from a file in examples/")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise CodemillError(f"{path}: {_first_problem(error, model)}", "mend that key") from None


def _first_problem(error: ValidationError, model: type[BaseModel]) -> str:
    problems = error.errors()
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        known = _known_keys(model)
        close = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        message = "unknown key" + (f", did you mean {close[0]!r}?" if close else "")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {message}{more}"


def _known_keys(model: type[BaseModel]) -> list[str]:
    """Every field name reachable from a model, for suggestions."""
    schema = model.model_json_schema()
    definitions = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for definition in definitions for key in definition.get("properties", {})})
