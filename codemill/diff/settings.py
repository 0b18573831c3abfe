"""What two snapshots were made with, key by key: config, rules written out, and the versions that decide bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.manifest import Manifest
from schemas.rules import Rule

WRITTEN_OUT = "rules written out"
ORDER = "(order)"
"""The key of the order of rules, which decides the reason of a document that fails several."""
TOKENIZER = "made_tokenizer.identity"
"""The key of what was made of the config's `tokenizer`."""


@dataclass(frozen=True)
class Setting:
    """A key whose value differs; None where one of the two does not have it."""

    key: str
    """A dotted path; behind it in brackets a word that only one of two lists has."""
    a: Any
    b: Any


def compare_settings(a: Manifest, b: Manifest) -> tuple[Setting, ...]:
    """The keys that differ, in alphabetical order."""
    old, new = dict(_flat("", _settings(a))), dict(_flat("", _settings(b)))
    differing = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    return tuple(setting for key in differing for setting in _by_word(key, old.get(key), new.get(key)))


def _by_word(key: str, a: Any, b: Any) -> Iterator[Setting]:
    """A list of words is told by the words that only one has; whole, where the order alone differs."""
    if key.endswith(f".{ORDER}") and set(a or ()) != set(b or ()):
        return  # rules that only one has are told by themselves
    if isinstance(a or b, tuple) and set(a or ()) != set(b or ()):
        for word in sorted(set(a or ()) ^ set(b or ())):
            yield Setting(f"{key}[{word}]", *(word in side or None for side in (a or (), b or ())))
    else:
        yield Setting(key, a, b)


def _settings(manifest: Manifest) -> dict[str, Any]:
    config = dict(manifest.config)
    # A source's rules stand under `rules`, as they were applied, whether the config writes them out or names a set.
    config["sources"] = {
        name: {**source, "filters": source["filters"] if isinstance(source.get("filters"), str) else WRITTEN_OUT}
        for name, source in config.get("sources", {}).items()
    }
    rules = {
        source: {
            ORDER: [rule.name for rule in rules],
            **{rule.name: _condition(rule) for rule in rules},
        }
        for source, rules in manifest.rules.items()
    }
    return {
        **config,
        "rules": rules,
        "versions": {"codemill": manifest.code_version, **manifest.libraries},
        "fingerprint": manifest.fingerprint,
        "made_tokenizer": manifest.tokenizer.model_dump(),
        "against": [f"{earlier.name} {earlier.digest}" for earlier in manifest.against],
    }


def _condition(rule: Rule) -> str:
    return rule.condition if rule.languages is None else f"{rule.condition}, of {' '.join(sorted(rule.languages))} only"


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), inner)
    elif isinstance(value, list) and all(isinstance(inner, str) for inner in value):
        yield key, tuple(value)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _flat(f"{key}[{place}]", inner)
    elif value is not None:
        yield key, value
