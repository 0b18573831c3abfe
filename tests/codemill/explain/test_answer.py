import shutil
from pathlib import Path

import pytest

from codemill.explain.answer import explain
from codemill.verify.snapshot import verify_snapshot
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.errors import CheckFailed, CodemillError
from tests.corpus import write_corpus


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("explained")
    build(write_corpus(root / "corpus"), str(root / "snapshot"), Runner(1, Silence()))
    return root / "snapshot"


def test_a_good_snapshot_verifies(snapshot: Path) -> None:
    result = verify_snapshot(str(snapshot), 2)
    assert result.problems == () and result.records > 100


@pytest.mark.parametrize(
    "pattern", ["shards/*/train-00000*", "documents/*", "provenance/*/*", "rejects.parquet", "tokenizer/*"]
)
def test_one_flipped_byte_anywhere_is_found(snapshot: Path, tmp_path: Path, pattern: str) -> None:
    copy = tmp_path / "snapshot"
    shutil.copytree(snapshot, copy)
    path = sorted(copy.glob(pattern))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert any(path.name in problem for problem in verify_snapshot(str(copy), 2).problems)


def test_a_changed_manifest_is_found(snapshot: Path, tmp_path: Path) -> None:
    shutil.copytree(snapshot, tmp_path / "snapshot")
    path = tmp_path / "snapshot" / "manifest.json"
    path.write_text(path.read_text().replace('"seed": 42', '"seed": 43', 1))
    with pytest.raises(CheckFailed, match="digest"):
        verify_snapshot(str(tmp_path / "snapshot"), 1)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("src/module_1.py", "tokens in shards/mono/"),
        ("long/line.py", "filtered:mean_line_length"),
        ("lib/latin.py", "not_utf8"),
        ("01.jsonl.gz", "truncated_file"),
        ("shards/nl/train-00000-of-00004.tfrecord:0:3", "of:"),
    ],
)
def test_explain_answers(snapshot: Path, what: str, words: str) -> None:
    if what.startswith("shards"):
        what = f"shards/nl/{sorted((snapshot / 'shards/nl').glob('train-00000*'))[0].name}:0:3"
    assert words in "\n".join(explain(str(snapshot), what))


@pytest.mark.parametrize(
    ("copies", "words"),
    [
        (("src/module_0.py", "copy/exact.py"), ("exact_duplicate", "jaccard 1.0000")),
        (("near/first.py", "near/second.py"), ("near_duplicate", "jaccard 0.9")),
    ],
)
def test_explain_names_the_survivor(snapshot: Path, copies: tuple[str, str], words: tuple[str, str]) -> None:
    answers = ["\n".join(explain(str(snapshot), name)) for name in copies]
    (dropped,) = [answer for answer in answers if "duplicate of" in answer]
    (kept,) = [answer for answer in answers if "kept" in answer.splitlines()[0]]
    assert all(word in dropped for word in words) and "tokens in shards/mono" in kept


def test_an_unknown_name_is_an_error_with_a_remedy(snapshot: Path) -> None:
    with pytest.raises(CodemillError, match="nowhere"):
        list(explain(str(snapshot), "nowhere.py"))
