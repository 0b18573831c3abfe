"""A small snapshot with redaction and weights, and one whose names try to be more than names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codemill.metadata.kept import Kept, count_kept
from codemill.metadata.write import write_metadata
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.manifest import Manifest, load_manifest
from tests.corpus import prose_text, python_text, write_corpus

HOSTILE = (
    "a|b",
    "`code` ``more``",
    "line\nbreak\r\n---\n# heading",
    "---",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "[link](http://evil.example/)",
    "![image](http://evil.example/x.png)",
    "<http://evil.example/>",
    "*bold* __init__ ~~gone~~ $x^2$ &lt;",
    "=HYPERLINK(1)",
    'x,"\n\t =1+1;@SUM',
    "'quoted",
    "{{ 7 * 7 }} {% raw %}",
    'right\u202eto\u2066left\x1b[31m "',
    "```",
)


def small_config(root: Path) -> BuildConfig:
    """The corpus of `tests.corpus`, with an address to redact in it and a weight."""
    config = write_corpus(root).model_dump(mode="json")
    (root / "tree" / "project" / "lib" / "mail.py").write_text(python_text(8000) + "# write to jane.doe@mail.org\n")
    config["sources"]["tree"]["redact"] = ["email"]
    config["sources"]["tree"]["filters"] = "none"
    config["sources"]["pile"]["weights"] = {"Made": 2.0}
    return BuildConfig.model_validate(config)


def hostile_config(root: Path) -> BuildConfig:
    """Names of repositories, paths, licences, subsets, sources and stages that mean something elsewhere."""
    config = write_corpus(root).model_dump(mode="json")
    table = pq.read_table(root / "github.parquet")
    rows = {
        "repo_name": list(HOSTILE),
        "path": [f"{name}.py" for name in HOSTILE],
        "content": [python_text(6000 + i) for i in range(len(HOSTILE))],
        "license": list(HOSTILE),
        "size": [1] * len(HOSTILE),
        "copies": [1] * len(HOSTILE),
    }
    pq.write_table(pa.concat_tables([table, pa.table(rows, table.schema)]), root / "github.parquet")
    lines = [
        json.dumps({"text": prose_text(9000 + i), "meta": {"pile_set_name": name}}) for i, name in enumerate(HOSTILE)
    ]
    (root / "pile" / "02.jsonl").write_text("\n".join(lines))
    config["sources"]["pile"]["paths"].append(str(root / "pile" / "02.jsonl"))
    config["sources"] = {
        "z|`pile`": config["sources"]["pile"],
        "<script>alert(2)</script>\n---": config["sources"]["github"],
        "=a, tree": config["sources"]["tree"],
    }
    config["stages"] = {
        "n l[*]": {"sources": ["z|`pile`"]},
        "mono <b>": {"sources": ["<script>alert(2)</script>\n---", "=a, tree"], "prefix": "```\n# {language}\n"},
    }
    return BuildConfig.model_validate(config)


def _published(config: BuildConfig, root: Path) -> Path:
    build(config, str(root / "snapshot"), Runner(1, Silence()))
    write_metadata(str(root / "snapshot"), load_manifest(str(root / "snapshot")), str(root / "snapshot"))
    return root / "snapshot"


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("described")
    return _published(small_config(root / "corpus"), root)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    return _published(hostile_config(root / "corpus"), root)


@pytest.fixture(scope="session")
def manifest(snapshot: Path) -> Manifest:
    return load_manifest(str(snapshot))


@pytest.fixture(scope="session")
def kept(snapshot: Path, manifest: Manifest) -> Kept:
    return count_kept(str(snapshot), manifest)


def block_of(card: str, language: str) -> str:
    """The content of the card's one block of code in a language."""
    (found,) = re.findall(rf"^(`{{3,}}){language}\n(.*?)\n\1$", card, re.MULTILINE | re.DOTALL)
    return str(found[1])
