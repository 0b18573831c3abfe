import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.documents.document_table import BENCHMARK_RULE, Treatment, documents_table, treatment_of
from schemas.config import BuildConfig
from schemas.documents import RAW_SCHEMA
from schemas.errors import CodemillError
from schemas.rules import Rule
from tests.tokenization.byte_level_vocabulary import gpt2_like_files

CLEAN = b"def add(a, b):\n    return a + b\n" * 4
PERSONAL = b"# by ada@analytical.org at 93.184.216.34\n" + CLEAN
PROMPT = "Return the height of the tallest tower of blocks, each narrower than the one below it."


def batch(*texts: bytes, language: str = "python") -> pa.RecordBatch:
    rows = [
        {"repository": "r", "path": f"{i}.py", "revision": "", "license": "MIT", "language": language}
        | {"subset": "", "stars": 0, "copies": 1, "text": text}
        for i, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, RAW_SCHEMA)


def config(**more: Any) -> BuildConfig:
    source = {"kind": "directory", "paths": ["x"], "languages": ["python"]} | more.pop("source", {})
    return BuildConfig.model_validate(
        {"name": "t", "sources": {"code": source}, "stages": {"mono": {"sources": ["code"]}}} | more
    )


def problems(tmp_path: Path) -> str:
    path = tmp_path / "made.jsonl"
    path.write_text(json.dumps({"id": 7, "prompt": [PROMPT], "rank": 1}) + "\n\n" + json.dumps(["no name"]) + "\n")
    return str(path)


def test_redaction_comes_first_and_both_hashes_are_kept() -> None:
    table = documents_table(batch(PERSONAL, CLEAN), Treatment("code", (), ("email", "ip_address")))
    stored = PERSONAL.replace(b"ada@analytical.org", b"<EMAIL>").replace(b"93.184.216.34", b"<IP_ADDRESS>")
    assert table["text"].to_pylist() == [stored, CLEAN]
    assert table["raw_sha256"].to_pylist() == [hashlib.sha256(text).digest() for text in (PERSONAL, CLEAN)]
    assert table["sha256"].to_pylist() == [hashlib.sha256(text).digest() for text in (stored, CLEAN)]
    assert table["bytes"].to_pylist() == [len(PERSONAL), len(CLEAN)]
    assert table["characters"].to_pylist() == [len(stored), len(CLEAN)]
    assert table["redactions"].to_pylist() == [2, 0]
    assert table["redacted"].to_pylist() == [
        [{"kind": "email", "start": 5, "end": 23}, {"kind": "ip_address", "start": 27, "end": 40}],
        [],
    ]


def test_texts_that_differ_in_what_is_redacted_are_duplicates() -> None:
    other = PERSONAL.replace(b"ada@analytical.org", b"b.c@d.org")
    table = documents_table(batch(PERSONAL, other), Treatment("code", (), ("email",)))
    assert len(set(table["sha256"].to_pylist())) == 1
    assert len(set(table["raw_sha256"].to_pylist())) == 2


def test_without_redaction_texts_are_as_they_were_read() -> None:
    table = documents_table(batch(PERSONAL), Treatment("code", ()))
    assert table["text"].to_pylist() == [PERSONAL]
    assert table["sha256"].to_pylist() == table["raw_sha256"].to_pylist()
    assert "redactions" not in table.schema.names


def test_a_document_with_a_benchmark_problem_is_dropped_with_evidence(tmp_path: Path) -> None:
    treatment = treatment_of(config(decontaminate={"problems": [problems(tmp_path)]}), "code")
    assert treatment.rules[0] == BENCHMARK_RULE
    leak = CLEAN + f"# {PROMPT}\n".encode()
    table = documents_table(batch(CLEAN, leak), treatment)
    assert table["verdict"].to_pylist() == ["", "benchmark"]
    (evidence,) = table["benchmark_matches"].to_pylist()[1]
    assert evidence["problem"] == "made/7" and evidence["words"] == 16
    assert leak[evidence["start"] : evidence["end"]].decode() == PROMPT.rstrip(".")
    assert table["benchmark_matches"].to_pylist()[0] == []


def test_a_users_own_rule_on_the_benchmarks_stands(tmp_path: Path) -> None:
    rule = {"name": "few_runs", "signal": "benchmark_runs", "at_most": 100}
    own = config(decontaminate={"problems": [problems(tmp_path)]}, source={"filters": [rule]})
    treatment = treatment_of(own, "code")
    assert [rule.name for rule in treatment.rules] == ["few_runs"]
    assert documents_table(batch(PROMPT.encode()), treatment)["verdict"].to_pylist() == [""]


def test_changed_problem_files_change_the_key_and_stop_a_running_build(tmp_path: Path) -> None:
    own = config(decontaminate={"problems": [problems(tmp_path)]})
    treatment = treatment_of(own, "code")
    (tmp_path / "made.jsonl").write_text('{"prompt": "another"}\n')
    assert treatment_of(own, "code").key() != treatment.key()
    with pytest.raises(CodemillError, match="changed while the build was running"):
        documents_table(batch(CLEAN), treatment)


@pytest.mark.parametrize(("line", "words"), [("{oops", "line 1: is no JSON"), ("[" * 100_000, "line 1: is no JSON")])
def test_damaged_problem_files_are_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "bad.jsonl").write_text(line)
    treatment = treatment_of(config(decontaminate={"problems": [str(tmp_path / "bad.jsonl")]}), "code")
    with pytest.raises(CodemillError, match=words):
        documents_table(batch(CLEAN), treatment)


def test_problem_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match=r"gone\.jsonl"):
        treatment_of(config(decontaminate={"problems": [str(tmp_path / "gone.jsonl")]}), "code")


def test_characters_per_token_are_those_of_the_builds_tokenizer(tmp_path: Path) -> None:
    for name, content in zip(("vocab.json", "merges.txt"), gpt2_like_files(), strict=True):
        (tmp_path / name).write_bytes(content)
    given = {"kind": "codegen", "vocabulary": str(tmp_path / "vocab.json"), "merges": str(tmp_path / "merges.txt")}
    rule = {"name": "fertility", "signal": "characters_per_token", "at_least": 1.5}
    treatment = treatment_of(config(tokenizer=given, source={"filters": [rule]}), "code")
    table = documents_table(batch(b"\x01\x02\x03\x04", b" " * 31), treatment)
    assert table["characters_per_token"].to_pylist() == [1.0, 31.0]
    assert table["verdict"].to_pylist() == ["fertility", ""]


@pytest.mark.parametrize("signal", ["characters_per_token", "benchmark_runs", "redactions"])
def test_a_signal_that_nothing_gives_is_refused(signal: str) -> None:
    own = config(source={"filters": [{"name": "r", "signal": signal, "at_most": 1}]})
    with pytest.raises(CodemillError, match=f"'code' has a filter rule on {signal}, which nothing gives"):
        treatment_of(own, "code")


def test_the_grammar_is_part_of_the_key_where_it_matters() -> None:
    assert treatment_of(config(source={"filters": "opencoder"}), "code").grammar
    assert not treatment_of(config(), "code").grammar


def test_an_error_in_a_signal_is_a_reason_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(source: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr("ast.parse", give_up)
    rule = Rule(name="parses", signal="python_parses", at_least=1)
    table = documents_table(batch(CLEAN), Treatment("code", (rule,)))
    assert table["verdict"].to_pylist() == ["parses:error"]
    assert np.isnan(table["python_parses"].to_pylist()[0])
