from __future__ import annotations

from typing import Any

import pytest

from codemill.diff.settings import compare_settings
from schemas.rules import Rule
from tests.codemill.diff.made import made_manifest


def differing(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    a, b = (made_manifest(["one"], [], **changed) for changed in (one, other))
    return {setting.key: (setting.a, setting.b) for setting in compare_settings(a, b)}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"seed": 1}, {"seed": 2}, {"seed": (1, 2)}),
        ({"dedup": {"near": {"jaccard": 0.8}}}, {"dedup": {"near": None}}, {"dedup.near.jaccard": (0.8, None)}),
        ({"langs": ["c", "go"]}, {"langs": ["go", "c"]}, {"langs": (("c", "go"), ("go", "c"))}),
        ({"langs": ["c", "go"]}, {"langs": ["rust", "c"]}, {"langs[go]": (True, None), "langs[rust]": (None, True)}),
        ({"langs": ["c"]}, {}, {"langs[c]": (True, None)}),
        ({"list": [{"a": 1}]}, {"list": [{"a": 1}, {"a": 2}]}, {"list[1].a": (None, 2)}),
        ({"rate": 0}, {"rate": False}, {}),
    ],
)
def test_config_keys(one: dict[str, Any], other: dict[str, Any], expected: dict[str, Any]) -> None:
    assert differing({"config": one}, {"config": other}) == expected


def test_rules_are_compared_as_they_were_applied() -> None:
    long, short = (Rule(name="longest_line", signal="longest_line", at_most=most) for most in (1000, 500))
    added = Rule(name="digits", signal="digit_share", below=0.5, languages=("c",))
    found = differing({"rules": {"one": (long,)}}, {"rules": {"one": (short, added)}})
    assert found == {
        "rules.one.longest_line": ("longest_line at most 1000", "longest_line at most 500"),
        "rules.one.digits": (None, "digit_share below 0.5, of c only"),
    }
    found = differing({"rules": {"one": (long, added)}}, {"rules": {"one": (added, long)}})
    assert found == {"rules.one.(order)": (("longest_line", "digits"), ("digits", "longest_line"))}


def test_versions_tokenizer_and_earlier_snapshots_count() -> None:
    assert differing({"libraries": {"numpy": "2.1"}}, {"libraries": {"numpy": "2.2"}, "code_version": "1"}) == {
        "versions.numpy": ("2.1", "2.2"),
        "versions.codemill": ("0", "1"),
    }
    against = {"name": "first", "digest": "d", "tables": 1}
    assert differing({}, {"against": [against]}) == {"against[first d]": (None, True)}


def test_a_rule_set_by_name_and_rules_written_out_differ_in_how_they_are_said() -> None:
    named, written = ({"sources": {"one": {"filters": filters}}} for filters in ("codegen", [{"name": "a"}]))
    assert differing({"config": named}, {"config": written}) == {
        "sources.one.filters": ("codegen", "rules written out")
    }


def test_what_is_the_same_is_not_listed() -> None:
    assert differing({}, {"hosts": 2}) == {}
