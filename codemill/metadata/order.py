"""One order for what a manifest holds, whether it was just made or read from its file, where keys are sorted.

The order of sources decides which of two duplicates is kept. The file keeps it in the ledger alone, so the config that
the pages show takes it from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from schemas.manifest import Manifest

Value = TypeVar("Value")


def in_order(manifest: Manifest) -> Manifest:
    """The same manifest: sources and stages in the order of the ledger, all else sorted."""
    content: dict[str, Any] = json.loads(manifest.to_bytes())
    sources = [row.source for row in manifest.ledger.sources]
    stages = list(dict.fromkeys(row.stage for row in manifest.ledger.sources))
    config = content["config"]
    config["sources"] = _arranged(config["sources"], sources)
    config["stages"] = _arranged(config["stages"], stages)
    content["rules"] = _arranged(content["rules"], sources)
    content["stages"] = _arranged(content["stages"], stages)
    return Manifest.model_validate(content)


def _arranged(values: Mapping[str, Value], order: Iterable[str]) -> dict[str, Value]:
    return {name: values[name] for name in order if name in values} | dict(values)
