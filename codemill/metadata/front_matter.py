"""The YAML at the head of the card, in the keys that Hugging Face's hub reads."""

from __future__ import annotations

from typing import Any

import yaml

from codemill.metadata.composition import PROSE, Part, language_codes
from codemill.metadata.kept import Kept
from codemill.metadata.licences import HUB_NAMES, Licence, LicenceClass
from filtering.languages import EXTENSIONS
from schemas.manifest import ATTRIBUTION_NAME, Manifest

_STEPS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")


def front_matter(manifest: Manifest, kept: Kept, parts: list[Part], licences: list[Licence]) -> str:
    """The YAML document, without the lines around it.

    Names from the input do not get in, only those that codemill knows: the hub refuses a card with others.
    """
    licensed = hub_licences(licences)
    keys: dict[str, Any] = {
        "pretty_name": manifest.name,
        "language": language_codes(parts),
        "license": licensed,
        "license_name": f"listed-in-{ATTRIBUTION_NAME}" if "other" in licensed else None,
        "size_categories": [size_category(sum(part.documents for part in parts))],
        "task_categories": ["text-generation"],
        "tags": tags(parts),
        "configs": _configs(manifest, kept),
    }
    return yaml.safe_dump({key: value for key, value in keys.items() if value}, sort_keys=False, width=120)


def hub_licences(licences: list[Licence]) -> list[str]:
    """The hub's names of the licences, sorted; `other` for those that it has none for, `unknown` for no licence."""
    found = {
        "unknown" if row.kind is LicenceClass.NONE else row.license if row.license in HUB_NAMES else "other"
        for row in licences
    }
    return sorted(found)


def size_category(documents: int) -> str:
    """The hub's class of so many documents, for example `10K<n<100K`."""
    bounds = [1000 * 10**step for step in range(len(_STEPS))]
    above = sum(documents >= bound for bound in bounds)
    if above == 0:
        return f"n<{_STEPS[0]}"
    if above == len(bounds):
        return f"n>{_STEPS[-1]}"
    return f"{_STEPS[above - 1]}<n<{_STEPS[above]}"


def tags(parts: list[Part]) -> list[str]:
    """What it is, and the programming languages in it."""
    known = set(EXTENSIONS.values()) - PROSE
    return ["codemill", "pretraining", "tfrecord", *sorted({part.language for part in parts} & known)]


def _configs(manifest: Manifest, kept: Kept) -> list[dict[str, Any]]:
    """What the hub's viewer opens, which takes one kind of file: the document tables, by the columns that all have."""
    if not manifest.tables:
        return []
    documents: dict[str, Any] = {
        "config_name": "documents",
        "data_files": [{"split": "harvested", "path": "documents/*.parquet"}],
    }
    if not kept.uniform:
        documents["columns"] = kept.schema.names
    return [documents]
