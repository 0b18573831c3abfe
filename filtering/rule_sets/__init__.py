"""Rule sets that ship with codemill, each a YAML file beside this one."""

from __future__ import annotations

from pathlib import Path

import yaml

from filtering.rules import check_rules
from schemas.errors import CodemillError
from schemas.rules import Rule
from schemas.suggest import did_you_mean

_FOLDER = Path(__file__).parent


def rule_set_names() -> list[str]:
    """The names that `load_rule_set` takes, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_rule_set(name: str) -> tuple[Rule, ...]:
    """Read a shipped rule set.

    Raises:
        CodemillError: there is no rule set of this name.
    """
    if name not in rule_set_names():
        raise CodemillError(
            f"there is no rule set {name!r}{did_you_mean(name, rule_set_names())}",
            f"choose from {', '.join(rule_set_names())}",
        )
    document = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    rules = tuple(Rule.model_validate(rule) for rule in document["rules"])
    check_rules(rules)
    return rules
