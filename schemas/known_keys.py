"""Which keys a file may have at a place in it, told by its model's JSON schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]


def known_keys(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The keys that may stand at a place, in their order.

    Args:
        model: of the whole file.
        place: as in Pydantic's errors, where it tells arms of unions too.
    """
    whole, here = _schemas_at(model, place)
    return list(dict.fromkeys(key for schema in _arms(whole, here) for key in schema.get("properties", {})))


def kinds_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The values that `kind` may have at a place where it decides between several sets of keys."""
    _, here = _schemas_at(model, place)
    return [kind for schema in here for kind in schema.get("discriminator", {}).get("mapping", {})]


def _schemas_at(model: type[BaseModel], place: Sequence[str | int]) -> tuple[Schema, list[Schema]]:
    whole = model.model_json_schema()
    here = [whole]
    for part in place:
        # What leads nowhere is the name of a union's arm: the place stays the same.
        here = [below for schema in _arms(whole, here) for below in _below(schema, part)] or here
    return whole, here


def _arms(whole: Schema, schemas: Sequence[Schema]) -> Iterator[Schema]:
    """The schemas without references; of a union also all its arms."""
    for schema in schemas:
        if "$ref" in schema:
            yield from _arms(whole, [whole["$defs"][schema["$ref"].rpartition("/")[2]]])
            continue
        yield schema
        yield from _arms(whole, [*schema.get("anyOf", ()), *schema.get("oneOf", ())])


def _below(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        items = schema.get("items")
        if isinstance(items, dict):
            yield items
        return
    if part in schema.get("properties", {}):
        yield schema["properties"][part]
    elif part in schema.get("discriminator", {}).get("mapping", {}):
        yield {"$ref": schema["discriminator"]["mapping"][part]}
    elif isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]
