"""A snapshot whose names and texts try to be more than text, and a short run that learned from it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.manifest import Manifest, load_manifest
from schemas.plan import Plan
from tests.corpus import prose_text, python_text, write_corpus

SCRIPT = "<script>window.harmed = true</script>"
IMAGE = '"\'><img src=x onerror="window.harmed = true">'
NAMES = (
    SCRIPT,
    IMAGE,
    "</style></svg></pre>" + SCRIPT,
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "right\u202eto\u2066left\n\x1b[31m",
)
BREAKOUT = f"# </pre></td></table>{SCRIPT}{IMAGE}<!-- ]]> {{{{ manifest }}}}\n"


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with its work directory beside it."""
    root = tmp_path_factory.mktemp("report")
    config = write_corpus(root / "corpus").model_dump(mode="json")
    table = pq.read_table(root / "corpus" / "github.parquet")
    near = python_text(7000, 200)
    texts = [BREAKOUT + python_text(6000 + i) for i in range(len(NAMES))]
    texts += [BREAKOUT + near, BREAKOUT + near.replace("alpha", "omega", 1), BREAKOUT + f"x = '{'a' * 3000}'\n"]
    paths = [f"{name}.py" for name in NAMES] + [f"{SCRIPT}/near.py", f"{SCRIPT}/other.py", f"{SCRIPT}/long.py"]
    more = {
        "repo_name": [f"owner/{SCRIPT}"] * len(texts),
        "path": paths,
        "content": texts,
        "license": ["mit"] * len(texts),
        "size": [len(text) for text in texts],
        "copies": [1] * len(texts),
    }
    pq.write_table(pa.concat_tables([table, pa.table(more, table.schema)]), root / "corpus" / "github.parquet")
    lines = [json.dumps({"text": BREAKOUT + prose_text(9000 + i), "meta": {"pile_set_name": SCRIPT}}) for i in range(9)]
    (root / "corpus" / "pile" / "02.jsonl").write_text("\n".join([*lines, '{"text": "' + SCRIPT]))
    config["sources"]["pile"]["paths"].append(str(root / "corpus" / "pile" / "02.jsonl"))
    build(BuildConfig.model_validate(config), str(root / "snapshot"), Runner(1, Silence()))
    return root / "snapshot"


@pytest.fixture(scope="session")
def manifest(snapshot: Path) -> Manifest:
    return load_manifest(str(snapshot))


@pytest.fixture(scope="session")
def run(snapshot: Path) -> Path:
    """Three steps on prose and three on code, with held-out losses before and after."""
    from trainer.train import train

    stage = {
        "snapshot": str(snapshot),
        "batch_sequences": 4,
        "steps": 3,
        "learning_rate": {"peak": 1e-3, "end": 1e-4, "warmup_steps": 1, "anneal_steps": 2},
    }
    size = {"layers": 1, "heads": 2, "head_dim": 8, "rotary_dim": 4, "vocabulary_rows": 512, "context_length": 32}
    plan = {
        "name": "small",
        "model": size,
        "stages": [{**stage, "name": "nl"}, {**stage, "name": "mono"}],
        "rematerialise": False,
        "log_every": 1,
    }
    train(Plan.model_validate(plan), str(snapshot.parent / "run"), report=lambda line: None)
    return snapshot.parent / "run"
