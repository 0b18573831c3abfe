"""Measures codemill's tokenizers beside those of other libraries, and counts documents with other ids; writes
tokenizers.md.

    python -m benchmarks.compare_tokenizers --corpus CORPUS --peer-python PEER/bin/python

CORPUS is what `benchmarks.corpus` writes. Each measurement runs in a process of its own, all on the same single core,
one after another, the fastest of some runs counts. Linux only, for it alone lets a process choose its core and start
its peak of memory again. GPT-2's ranks come out of a package of the test extra.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.compare_build import HERE, measure, processor
from benchmarks.tokenizer_peers import BATCH_BYTES, HARD_TEXTS, hard_documents, read_documents
from storage.files import write_atomic
from tests.tokenization.gpt2_files import gpt2_files, tiktoken_form
from tokenization.bpe.gpt2_ranks import SEPARATOR
from tokenization.codegen import build
from tokenization.hf_json import TOKENIZER_FILE, HfJsonTokenizer
from tokenization.sentencepiece.tokenizer import MODEL_FILE
from tokenization.sentencepiece.train import train

SPACE_MARK = "\u2581"
VOCABULARY = 32_000
SAMPLE_BYTES = 48_000_000

Result = dict[str, Any]
TABLES = {
    "codegen": ("codemill", "fastokens", "gigatoken", "tokie", "splintr", "tokenizers"),
    "gpt2": ("codemill", "fastokens", "gigatoken", "tokie", "splintr", "tiktoken", "tokenizers"),
    "bpe": ("codemill", "gigatoken", "sentencepiece"),
    "unigram": ("codemill", "sentencepiece"),
}
"""Systems per tokenizer; the last one's ids are what the others are held against."""
TITLES = {
    "codegen": "CodeGen: GPT-2's ranks and 38 tokens for runs of spaces and tabs",
    "gpt2": "Plain GPT-2",
    "bpe": f"SentencePiece, BPE, {VOCABULARY:,} ids",
    "unigram": f"SentencePiece, unigram, {VOCABULARY:,} ids",
}
HANDED = {
    "codemill": "arrays",
    "tokenizers": "objects with lists",
    "fastokens": "bytes",
    "gigatoken": "awkward array",
    "tokie": "arrays",
    "splintr": "bytes",
    "tiktoken": "lists",
    "sentencepiece": "lists",
}
SLOW = ("tokenizers", "tiktoken", "sentencepiece")
"""Encode the checked part alone."""


def write_models(work: Path, corpus: Path, skipped: int) -> None:
    """Each tokenizer in every form that some system reads: a directory of ours, and files beside it."""
    vocabulary, merges = gpt2_files()
    codegen = build(vocabulary, merges)
    codegen.save(str(work / "codegen"))
    file = json.loads((work / "codegen" / TOKENIZER_FILE).read_bytes())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["special"]]
    HfJsonTokenizer(json.dumps(file, ensure_ascii=False).encode(), SEPARATOR).save(str(work / "gpt2"))
    for name in ("codegen", "gpt2"):
        shutil.copy(work / name / TOKENIZER_FILE, work / f"{name}.json")
    write_atomic(str(work / "gpt2.tiktoken"), tiktoken_form(vocabulary))
    kinds: tuple[Literal["bpe", "unigram"], ...] = ("bpe", "unigram")
    for kind in kinds:
        if not (work / f"{kind}.model").exists():
            sample = [text.encode() for text in read_documents(corpus, SAMPLE_BYTES, skipped)]
            train(sample, str(work / kind), vocabulary_size=VOCABULARY, model=kind)
            shutil.copy(work / kind / MODEL_FILE, work / f"{kind}.model")


def model_of(work: Path, tokenizer: str, system: str) -> Path:
    """The form of a tokenizer that a system reads."""
    if system == "codemill":
        return work / tokenizer
    if system == "tiktoken":
        return work / f"{tokenizer}.tiktoken"
    return work / f"{tokenizer}.{'model' if tokenizer in ('bpe', 'unigram') else 'json'}"


def run(work: Path, corpus: Path, python: Path, tokenizer: str, system: str, megabytes: float, times: int) -> Result:
    """The fastest of some runs; a system that fails gives the last line of what it said."""
    interpreter = [sys.executable, "-m", "benchmarks.tokenizer_peers"]
    if system != "codemill":
        interpreter = [str(python), str(HERE / "tokenizer_peers.py")]
    hashes = work / f"{tokenizer}-{system}.npy"
    command = [*interpreter, system, str(model_of(work, tokenizer, system)), str(corpus)]
    command += ["--megabytes", str(megabytes), "--hashes", str(hashes)]
    found: list[Result] = []
    for _ in range(times):
        try:
            output = measure(command, work / f"{tokenizer}-{system}.log").output
        except SystemExit as error:
            return {"system": system, "error": str(error).splitlines()[-1]}
        found.append(json.loads(output.splitlines()[-1]))
        wall, busy = (found[-1]["bytes"] / 1e6 / found[-1][name] for name in ("seconds", "cpu_seconds"))
        print(f"{tokenizer} {system}: {wall:.1f} MB/s, {busy:.1f} MB per CPU second", flush=True)
    best = min(found, key=lambda result: float(result["seconds"]))
    return best | {"system": system, "hashes": np.load(hashes)}


def section(tokenizer: str, results: list[Result]) -> list[str]:
    """The table of one tokenizer."""
    ours, reference = results[0], results[-1]
    lines = [
        f"## {TITLES[tokenizer]}",
        "",
        "| system | MB/s | million ids/s | codemill is faster by | memory | ids as | files with other ids | "
        "made-up texts with other ids |",
        "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for result in results:
        if "error" in result:
            lines.append(f"| {result['system']} | {result['error']} | | | | | | |")
            continue
        speed = result["bytes"] / 1e6 / result["seconds"]
        ratio = ours["bytes"] / 1e6 / ours["seconds"] / speed
        compared = min(result["documents"], reference["documents"])
        parts = (slice(compared), compared), (slice(-HARD_TEXTS, None), HARD_TEXTS)
        other = [f"{(result['hashes'][p] != reference['hashes'][p]).sum():,} of {whole:,}" for p, whole in parts]
        said = "is the measure | " if result is reference else " | ".join(other)
        ids = result["tokens"] / 1e6 / result["seconds"]
        lines.append(
            f"| {result['system']} {result['version']} | {speed:,.1f} | {ids:.1f} | "
            f"{ratio:,.2f} | {result['memory'] / 1e6:,.0f} MB | {HANDED[result['system']]} | {said} |"
        )
    return [*lines, ""]


def report(results: dict[str, list[Result]], marked: int) -> str:
    """The whole page."""
    ours, reference = next(iter(results.values()))[0], next(iter(results.values()))[-1]
    controls = sum(SEPARATOR in text for text in hard_documents())
    lines = [
        "# Tokenizers",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, one core, Python {ours['python']}; written by "
        "`benchmarks/compare_tokenizers.py`.",
        "",
        f"Corpus: {ours['bytes'] / 1e6:.0f} MB of code in {ours['documents']:,} files, each encoded once, in batches "
        f"of {BATCH_BYTES // 10**6} MB that are in memory before a clock starts; {', '.join(SLOW)} encode the first "
        f"{reference['bytes'] / 1e6:.0f} MB, and on these ids are compared, with those of the table's last row. MB are "
        "10^6 bytes of text. The made-up texts, some eighty characters each, mix all kinds of white space, runs, "
        f"contractions, marks, scripts and control tokens that are written out and mean their letters: {controls:,} of "
        f"the {HARD_TEXTS:,} hold {SEPARATOR}, which some systems take for the separator itself. Memory is the peak of "
        "the encoding process beyond what it held before the first batch, documents and ids of a batch included. Every "
        "system runs by the call that gives ids fastest, on one thread.",
        "",
        "tiktoken cannot express tokens that are cut out of the text before all else without being special tokens, so "
        "it stands with plain GPT-2 alone. SentencePiece models are trained on other files than those measured. The "
        f"sentencepiece library takes U+2581 in a text for a space, where codemill spells it; {marked:,} of the "
        "compared files hold it. A unigram model of codemill encodes line by line, so that a line has the same ids "
        "wherever it stands; over a whole file the library's sums of 32-bit scores round differently.",
        "",
    ]
    for tokenizer, rows in results.items():
        lines += section(tokenizer, rows)
    return "\n".join(lines)


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare codemill's tokenizers with those of other libraries.")
    parser.add_argument("--corpus", type=Path, required=True, help="what benchmarks.corpus wrote")
    parser.add_argument("--peer-python", type=Path, required=True, help="Python of the peers' environment")
    parser.add_argument("--megabytes", type=float, default=210, help="of text for the fast systems")
    parser.add_argument("--check-megabytes", type=float, default=110, help="of text whose ids are compared")
    parser.add_argument("--times", type=int, default=3, help="runs of the fast systems")
    parser.add_argument("--tokenizers", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--work", type=Path, default=HERE / "work" / "tokenizers", help="for models and all output")
    parser.add_argument("--output", type=Path, default=HERE / "tokenizers.md")
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ |= {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    work: Path = arguments.work / f"{arguments.megabytes:g}"  # models are trained on what lies behind these
    work.mkdir(parents=True, exist_ok=True)
    write_models(work, arguments.corpus, int(arguments.megabytes * 1e6))
    checked = min(arguments.megabytes, arguments.check_megabytes)
    results: dict[str, list[Result]] = {}
    for tokenizer in arguments.tokenizers:
        rows = []
        for system in TABLES[tokenizer]:
            slow = system in SLOW
            size, times = (checked, 1) if slow else (arguments.megabytes, arguments.times)
            rows.append(run(work, arguments.corpus, arguments.peer_python, tokenizer, system, size, times))
        results[tokenizer] = rows
    marked = sum(SPACE_MARK in text for text in read_documents(arguments.corpus, checked * 1e6))
    page = report(results, marked)
    arguments.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
