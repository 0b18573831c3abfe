"""From a step of a small run to documents: what explain tells is what lineage lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codemill.explain.answer import explain
from codemill.lineage import step_lines
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.plan import Plan
from tests.corpus import write_corpus
from trainer.train import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two steps on prose and one on code of which a part is rewritten for filling in the middle."""
    root = tmp_path_factory.mktemp("steps")
    config = write_corpus(root / "corpus", 30).model_dump(mode="json")
    config["stages"]["mono"]["fill_in_the_middle"] = {}
    config["tokenizer"]["vocabulary_size"] = 400
    build(BuildConfig.model_validate(config), str(root / "snapshot"), Runner(1, Silence()))
    rate = {"peak": 1e-3, "end": 1e-4, "warmup_steps": 1, "anneal_steps": 4}
    stage = {"snapshot": str(root / "snapshot"), "batch_sequences": 4, "learning_rate": rate}
    model = {"layers": 1, "heads": 2, "head_dim": 8, "rotary_dim": 4, "vocabulary_rows": 512, "context_length": 32}
    stages = [{**stage, "name": "nl", "steps": 2}, {**stage, "name": "mono", "steps": 1}]
    plan = {"name": "small", "model": model, "stages": stages, "rematerialise": False}
    train(Plan.model_validate(plan), str(root / "run"), report=lambda line: None)
    return str(root / "run")


@pytest.mark.parametrize("step", [1, 3])
def test_every_piece_that_lineage_lists_is_told(run: str, step: int) -> None:
    lines = list(explain(run, f"step:{step}", 1000))
    rows = [line.split("\t") for line in step_lines(run, step) if not line.startswith("#")]
    told: list[tuple[str, ...]] = []
    place: tuple[str, ...] = ()
    for line in lines[1:-1]:
        if found := re.match(r"sequence (\d+): record (\d+) of (\S+) in ", line):
            place = (found[3], found[2])
        elif found := re.fullmatch(r"  \S+ .*: (?:tokens (\d+) to (\d+)|no token) of (.*), id ([0-9a-f]{32})", line):
            told.append((*place, found[3], found[4]))
    assert told == [(shard, record, name, identity) for _, shard, record, name, identity, _, _ in rows]
    assert f"stage {'nl' if step == 1 else 'mono'}, step 1 of it" in lines[0]


@pytest.mark.parametrize("step", [2, 3])
def test_the_ids_of_a_sequence_cover_it_once(run: str, step: int) -> None:
    lines = [line for line in explain(run, f"step:{step}:1", 1000) if line.startswith("ids ")]
    ranges = [tuple(map(int, found.groups())) for line in lines if (found := re.match(r"ids (\d+) to (\d+):", line))]
    taken = [place for first, last in ranges for place in range(first, last + 1)]
    assert taken == sorted(set(taken)) and set(taken) <= set(range(33)) and len(taken) > 24  # less separators


def test_a_token_of_a_sequence_is_that_of_its_record(run: str) -> None:
    header, place, *answer = explain(run, "step:3:2:7")
    found = re.match(r"sequence 2: record (\d+) of (\S+) in (\S+)", place)
    assert header.startswith("small step 3") and found is not None
    assert answer == list(explain(found[3], f"{found[2]}:{found[1]}:7"))


def test_what_is_shown_is_bounded(run: str) -> None:
    lines = list(explain(run, "step:3", 2))
    assert sum(line.startswith("  ids ") for line in lines) == 2
    assert any(line.startswith("... and ") for line in lines) and "lineage" in lines[-1]


@pytest.mark.parametrize(
    ("what", "words"),
    [("step:4", "no step 4"), ("step:0", "no step 0"), ("step:1:4", "no sequence 4"), ("step:1:0:33", "outside")],
)
def test_what_is_not_there_is_refused(run: str, what: str, words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        list(explain(run, what))


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodemillError):
        list(explain(str(tmp_path), "step:1"))
