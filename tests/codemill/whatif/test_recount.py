from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from codemill.whatif.recount import Change, parse_change, what_if
from codemill.whatif.tables import print_answer
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.manifest import Manifest, load_manifest
from tests.corpus import write_corpus


def rebuilt(config: BuildConfig, output: Path) -> Manifest:
    return build(config, str(output), Runner(1, Silence()))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    config = write_corpus(tmp_path_factory.mktemp("corpus"), 25)
    tokenizer = config.tokenizer.model_copy(update={"vocabulary_size": 400})
    return config.model_copy(update={"tokenizer": tokenizer})


@pytest.fixture(scope="module")
def snapshot(config: BuildConfig, tmp_path_factory: pytest.TempPathFactory) -> str:
    output = tmp_path_factory.mktemp("built") / "snapshot"
    rebuilt(config, output)
    return str(output)


def test_the_same_thresholds_change_nothing(snapshot: str) -> None:
    answer = what_if(snapshot, load_manifest(snapshot), [Change("longest_line", 1000)])
    assert answer.switched == 0 and answer.examples == []
    assert answer.kept_before == answer.kept_after and answer.failing_before == answer.failing_after


def test_a_stricter_rule_drops_what_a_build_with_it_drops(snapshot: str, config: BuildConfig, tmp_path: Path) -> None:
    answer = what_if(snapshot, load_manifest(snapshot), [Change("mean_line_length", 31.5)])
    rules = [rule.model_copy(update={"below": 31.5}) for rule in load_manifest(snapshot).rules["github"][:1]]
    rules += list(load_manifest(snapshot).rules["github"][1:])
    stricter = {
        name: source.model_copy(update={"filters": tuple(rules)}) if name in ("github", "tree") else source
        for name, source in config.sources.items()
    }
    manifest = rebuilt(config.model_copy(update={"sources": stricter}), tmp_path / "stricter")
    for row in manifest.ledger.sources:
        filtered = sum(a.documents for name, a in row.outcomes.items() if name.startswith("filtered:"))
        assert filtered == sum(n for (source, _), n in answer.failing_after.items() if source == row.source)
    assert answer.switched > 0


def test_examples_say_which_rules_decide(snapshot: str) -> None:
    answer = what_if(snapshot, load_manifest(snapshot), [Change("longest_line", 5), Change("mean_line_length", 1e9)])
    assert answer.switched > 20 == len(answer.examples)
    assert [e.id for e in answer.examples] == sorted(e.id for e in answer.examples)
    assert all(e.before == () and e.after == ("longest_line",) for e in answer.examples)
    rules = ("mean_line_length", "longest_line", "hexadecimal_digits")
    loose = what_if(snapshot, load_manifest(snapshot), [Change(rule, 1e9) for rule in rules])
    assert [(e.before, e.after) for e in loose.examples] == [(rules, ())]


def test_a_change_for_one_language_leaves_the_others(snapshot: str) -> None:
    manifest = load_manifest(snapshot)
    assert what_if(snapshot, manifest, [Change("longest_line", 5, "java")]).switched == 0
    everything = what_if(snapshot, manifest, [Change("longest_line", 5)])
    assert what_if(snapshot, manifest, [Change("longest_line", 5, "python")]).switched == everything.switched


def test_unknown_rules_are_named(snapshot: str) -> None:
    with pytest.raises(CodemillError, match="longest_lin") as raised:
        what_if(snapshot, load_manifest(snapshot), [Change("longest_lin", 5)])
    assert "longest_line" in raised.value.remedy


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("longest_line=5", Change("longest_line", 5.0)),
        ("longest_line.threshold=5", Change("longest_line", 5.0)),
        (" longest_line.c=.5 ", Change("longest_line", 0.5, "c")),
    ],
)
def test_changes_are_read(text: str, change: Change) -> None:
    assert parse_change(text) == change


@pytest.mark.parametrize("text", ["", "a", "a=", "=3", "a=b", "a.b.c=1", "a=1=2"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(CodemillError, match="no change of a rule"):
        parse_change(text)


def test_the_answer_shows_what_changes_and_no_more(snapshot: str) -> None:
    console = Console(width=200, force_terminal=False)
    with console.capture() as capture:
        print_answer(console, what_if(snapshot, load_manifest(snapshot), [Change("longest_line", 5, "python")]))
    text = capture.get()
    assert "longest_line" in text and "english" not in text
    assert "kept, now dropped by longest_line" in text
