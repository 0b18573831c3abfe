"""From a block of raw documents to the table that all later passes read: what is done to the documents of a source."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from buffers.texts import Texts
from dedup.sketch import sketch
from filtering.benchmarks import find_problems
from filtering.languages import check_languages
from filtering.python_syntax import GRAMMAR
from filtering.redaction import find_personal_data, redact
from filtering.rule_sets import load_rule_set
from filtering.rules import check_rules, evaluate, verdicts
from filtering.signals import Batch, compute_signals
from pipelines.documents.benchmark_files import benchmark_index, benchmarks_digest
from schemas.config import BuildConfig, CodegenTokenizerConfig, SentencePieceConfig, TokenizerJsonConfig
from schemas.documents import BENCHMARK_TYPE, HASH_TYPE, ID_TYPE, REDACTED_TYPE, document_id
from schemas.errors import CodemillError
from schemas.rules import Rule
from tokenization.load import given_tokenizer
from tokenization.tokenizer import Tokenizer

BENCHMARK_RULE = Rule(name="benchmark", signal="benchmark_runs", at_most=0)
"""Added to the rules of every source of a build with `decontaminate`, unless one of them names the signal itself."""


@dataclass(frozen=True)
class Treatment:
    """What is done to the documents of a source."""

    source: str
    rules: tuple[Rule, ...]
    redact: tuple[str, ...] = ()
    benchmarks: tuple[tuple[str, ...], str] | None = None
    """Problem files and their digest."""
    tokenizer: CodegenTokenizerConfig | TokenizerJsonConfig | None = None
    """Given where a rule asks for `characters_per_token`."""
    tokenizer_identity: str = ""
    grammar: str = ""
    """Of the Python that parses, where a rule asks for `python_parses`."""

    def key(self) -> list[Any]:
        """What the tables depend on besides the documents and the code; JSON-able."""
        return [
            self.source,
            [rule.model_dump() for rule in self.rules],
            sorted(self.redact),
            self.benchmarks[1] if self.benchmarks else None,
            self.tokenizer_identity,
            self.grammar,
        ]


def treatment_of(config: BuildConfig, source: str) -> Treatment:
    """The treatment of one of the config's sources.

    Raises:
        CodemillError: an unknown language, rule set or signal; a signal whose input the config does not give; problem
            files that are missing or damaged.
    """
    given = config.sources[source]
    try:
        check_languages(getattr(given, "languages", ()))
        rules = load_rule_set(given.filters) if isinstance(given.filters, str) else given.filters
        check_rules(rules)
    except CodemillError as error:
        raise CodemillError(f"source {source!r}: {error.message}", error.remedy) from None
    named = {rule.signal for rule in rules}
    treatment = Treatment(source, rules, given.redact, grammar=GRAMMAR if "python_parses" in named else "")
    if config.decontaminate is not None:
        problems = config.decontaminate.problems
        if "benchmark_runs" not in named:
            treatment = replace(treatment, rules=(BENCHMARK_RULE, *rules))
            check_rules(treatment.rules)
        treatment = replace(treatment, benchmarks=(problems, benchmarks_digest(problems)))
    elif "benchmark_runs" in named:
        raise _not_given(source, "benchmark_runs", "name problem files under `decontaminate`")
    if "redactions" in named and not given.redact:
        raise _not_given(source, "redactions", "say under `redact` what to look for")
    if "characters_per_token" in named:
        if isinstance(config.tokenizer, SentencePieceConfig):
            raise _not_given(
                source,
                "characters_per_token",
                "give a tokenizer by its files; SentencePiece is trained after filtering",
            )
        identity = _tokenizer(config.tokenizer).identity
        treatment = replace(treatment, tokenizer=config.tokenizer, tokenizer_identity=identity)
    return treatment


def _not_given(source: str, signal: str, remedy: str) -> CodemillError:
    return CodemillError(f"source {source!r} has a filter rule on {signal}, which nothing gives", remedy)


@lru_cache(maxsize=1)
def _tokenizer(config: CodegenTokenizerConfig | TokenizerJsonConfig) -> Tokenizer:
    return given_tokenizer(config)


def documents_table(batch: pa.RecordBatch, treatment: Treatment) -> pa.Table:
    """Documents with everything that later passes need.

    In this order: the text as read is hashed (`raw_sha256`, `bytes`); personal data is replaced (`redacted`); all that
    follows is about the text that results: `sha256`, signals, rules, sketches, and the `text` column itself.

    Adds to RAW_SCHEMA's columns: `source`, `id`, `raw_sha256`, `sha256`, `bytes`, `redacted`, `benchmark_matches`, one
    column per signal, `hits` (bit i = rule i failed), `verdict` (see `filtering.rules.verdicts`), `shingles`,
    `signature` (256 little-endian uint32, null for filtered documents and those too short to sketch).
    """
    raw = Texts.from_arrow(batch.column("text"))
    redactions = find_personal_data(raw, treatment.redact) if treatment.redact else []
    texts = redact(raw, redactions)
    languages = batch.column("language").fill_null("")
    paths = batch.column("path").to_pylist()
    wanted = {rule.signal for rule in treatment.rules}
    signals: dict[str, np.ndarray] = dict(compute_signals(Batch(texts, languages.to_pylist(), paths), wanted))
    matches: list[list[dict[str, Any]]] = [[] for _ in range(len(texts))]
    if treatment.redact:
        signals["redactions"] = np.bincount([r.row for r in redactions], minlength=len(texts)).astype(np.int64)
    if treatment.benchmarks is not None:
        signals["benchmark_runs"], found = find_problems(texts, benchmark_index(*treatment.benchmarks))
        for row, problem, start, end, words in found:
            matches[row].append({"problem": problem, "start": start, "end": end, "words": words})
    if treatment.tokenizer is not None:
        tokens = np.diff(_tokenizer(treatment.tokenizer).encode(texts).offsets)
        signals["characters_per_token"] = signals["characters"] / np.maximum(tokens, 1)
    hits = evaluate(treatment.rules, signals, languages)
    passed = np.flatnonzero(hits == 0)
    signatures, counts = sketch(texts, passed)
    shingles = np.zeros(len(texts), np.int64)
    shingles[passed] = counts
    columns = {name: batch.column(name) for name in batch.schema.names if name != "text"}
    columns["source"] = pa.array([treatment.source] * len(texts), pa.string())
    columns["id"] = pa.array(_ids(treatment.source, batch, paths), ID_TYPE)
    hashes = _sha256(raw)
    columns["raw_sha256"] = pa.array(hashes, HASH_TYPE)
    for row in {redaction.row for redaction in redactions}:
        hashes[row] = hashlib.sha256(texts.document(row)).digest()
    columns["sha256"] = pa.array(hashes, HASH_TYPE)
    columns["bytes"] = pa.array(raw.lengths())
    redacted: list[list[dict[str, Any]]] = [[] for _ in range(len(texts))]
    for row, kind, start, end in redactions:
        redacted[row].append({"kind": kind, "start": start, "end": end})
    columns["redacted"] = pa.array(redacted, REDACTED_TYPE)
    columns["benchmark_matches"] = pa.array(matches, BENCHMARK_TYPE)
    columns |= {name: pa.array(values) for name, values in signals.items()}
    columns["hits"] = pa.array(hits)
    columns["verdict"] = verdicts(treatment.rules, signals, hits)
    columns["shingles"] = pa.array(shingles)
    columns["signature"] = _signature_column(signatures, counts, passed, len(texts))
    columns["text"] = _text_column(texts) if redactions else batch.column("text")
    return pa.table(columns)


def _ids(source: str, batch: pa.RecordBatch, paths: Sequence[str]) -> list[bytes]:
    names = zip(batch.column("repository").to_pylist(), paths, batch.column("revision").to_pylist(), strict=True)
    return [document_id(source, *fields) for fields in names]


def _sha256(texts: Texts) -> list[bytes]:
    view = memoryview(texts.data.data)
    offsets = texts.offsets.tolist()
    return [hashlib.sha256(view[start:end]).digest() for start, end in itertools.pairwise(offsets)]


def _text_column(texts: Texts) -> pa.LargeBinaryArray:
    buffers = [None, pa.py_buffer(texts.offsets), pa.py_buffer(texts.data)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(texts), buffers)


def _signature_column(signatures: np.ndarray, counts: np.ndarray, passed: np.ndarray, total: int) -> pa.Array:
    width = signatures.shape[1] * 4
    index = np.zeros(total, np.int64)
    valid = np.zeros(total, np.bool_)
    index[passed] = np.arange(len(passed))
    valid[passed] = counts > 0
    raw = pa.py_buffer(np.ascontiguousarray(signatures.astype("<u4", copy=False)))
    dense = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(passed), [None, raw])
    return dense.take(pa.array(index, mask=~valid))
