"""Encodes a corpus with one tokenizer library and says how fast, in how much memory, and with which ids.

    PEER_PYTHON benchmarks/tokenizer_peers.py SYSTEM MODEL CORPUS --megabytes 110 --hashes FILE

Runs in an environment of its own (requirements-tokenizers.txt) and imports nothing of ours, but for the system
`codemill`. Documents are in memory, in the form that the library takes, before a clock starts; they come in batches of
`BATCH_BYTES`, each text once. The clock runs until the ids are there as the library hands them over: as an array, as
bytes, or as lists. What is kept of them is a hash for each document. Made-up texts follow, whose time does not count.
The last line printed is JSON.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import random
import re
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

BATCH_BYTES = 16_000_000
GPT2_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
HARD_TEXTS = 5_000
HARD_PARTS = (
    *" \t\n\r\v\f\x1c\x85\xa0\u1680\u2003\u2028\u200b\u200d\u3000\ufeff",
    *("  ", "\t\t", " " * 31, " " * 32, " " * 33, "\t" * 9, "\t" * 10, "\r\n", "\n\n"),
    *("a", "def", "self", "_x", "(", "==", "'s", "'ll", "'LL", "\u2019s", "7", "42", "\u0663", "\u00bd", "\u2167"),
    *(
        "\u00e9",
        "e\u0301",
        "\u0301",
        "\u6f22\u5b57",
        "\ud55c",
        "\U0001f389",
        "\U0001f469\u200d\U0001f467",
        "\U00010348",
    ),
    *("<|endoftext|>", "<|endoftext", "<s>", "<0x41>"),
)
WARM_TEXT = "def warm(up):\n    return None\n"

Given = Callable[[list[str]], Any]
Encode = Callable[[Any], Any]
Ids = Callable[[Any], Iterator[bytes]]
System = tuple[Given, Encode, Ids]
"""Documents -> what the library takes; that -> what it gives; that -> the ids of each document as uint32 bytes."""


def read_documents(corpus: Path, most_bytes: float, skipped: int = 0) -> Iterator[str]:
    """Code, then prose, each document once, until `most_bytes` are reached behind `skipped` bytes."""
    for text, size in _every_document(corpus):
        if skipped > 0:
            skipped -= size
        elif most_bytes <= 0:
            return
        else:
            most_bytes -= size
            yield text


def hard_documents() -> list[str]:
    """Made-up texts, always the same: all kinds of white space, marks, scripts and control tokens that are text."""
    draw = random.Random(0)
    return ["".join(draw.choices(HARD_PARTS, k=draw.randrange(1, 40))) for _ in range(HARD_TEXTS)]


def _every_document(corpus: Path) -> Iterator[tuple[str, int]]:
    for path in sorted((corpus / "code").glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(500, columns=["content", "size"]):
            yield from zip(batch.column("content").to_pylist(), batch.column("size").to_pylist(), strict=True)
    for path in sorted((corpus / "prose").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line:
                text = json.loads(line)["text"]
                yield text, len(text.encode())


def same(documents: list[str]) -> list[str]:
    """For libraries that take a list of str."""
    return documents


def of_lists(found: Sequence[Sequence[int]]) -> Iterator[bytes]:
    """Ids given as lists."""
    for ids in found:
        yield array("I", ids).tobytes()


def of_flat(found: tuple[bytes, bytes]) -> Iterator[bytes]:
    """Ids given as bytes of uint32, and bytes of 64-bit offsets that start at 0."""
    yield from of_arrays((np.frombuffer(found[0], np.uint32), np.frombuffer(found[1], np.uint64)))


def of_arrays(found: tuple[Any, Any]) -> Iterator[bytes]:
    """Ids and offsets given as arrays."""
    ids, offsets = found
    places = offsets.tolist()
    for first, last in itertools.pairwise(places):
        yield ids[first:last].tobytes()


def codemill(model: str) -> System:
    """This project's, from a directory."""
    from buffers.texts import Texts
    from tokenization.load import load_tokenizer

    tokenizer = load_tokenizer(model)
    return lambda documents: Texts.from_list([document.encode() for document in documents]), tokenizer.encode, of_arrays


def tokenizers(model: str) -> System:
    """Hugging Face's."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(model)
    tokenizer.encode_special_tokens = True

    def encode(documents: list[str]) -> list[list[int]]:
        return [found.ids for found in tokenizer.encode_batch_fast(documents, add_special_tokens=False)]

    return same, encode, of_lists


def fastokens(model: str) -> System:
    """Its flat batches, special tokens being text."""
    from fastokens._native import Tokenizer

    tokenizer = Tokenizer.from_file(model)
    return same, lambda documents: tokenizer.encode_batch_flat(documents, False, True), of_flat


def gigatoken(model: str) -> System:
    """Its awkward arrays."""
    import awkward
    import gigatoken

    binary = model.endswith(".model")
    tokenizer = gigatoken.Tokenizer.from_sentencepiece(model) if binary else gigatoken.Tokenizer(model)

    def ids(found: Any) -> Iterator[bytes]:
        counts = np.asarray(awkward.num(found, axis=1))
        flat = np.asarray(awkward.flatten(found, axis=1)).astype(np.uint32, copy=False)
        return of_arrays((flat, np.cumsum([0, *counts])))

    return same, lambda documents: tokenizer.encode_batch(documents, parallel=False), ids


def tokie(model: str) -> System:
    """Its encoding of files, which gives arrays; faster than batches of objects with lists."""
    import tokie

    tokenizer = tokie.Tokenizer.from_json(model)
    scratch = Path(model).with_suffix(".tokie-input")

    def given(documents: list[str]) -> list[str]:
        scratch.write_bytes(b"\0".join(document.encode() for document in documents))
        return [str(scratch)]

    return given, lambda paths: tokenizer.encode_files(paths, separator=b"\0"), of_arrays


def splintr(model: str) -> System:
    """Its flat batches."""
    import splintr

    return same, splintr.from_json(model).encode_batch_flat, of_flat


def tiktoken(model: str) -> System:
    """Its lists of ordinary tokens, with GPT-2's pattern and the ranks of a `.tiktoken` file."""
    import tiktoken

    with open(model, "rb") as file:
        ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, file)}
    encoding = tiktoken.Encoding("gpt2", pat_str=GPT2_PATTERN, mergeable_ranks=ranks, special_tokens={})
    return same, lambda documents: encoding.encode_ordinary_batch(documents, num_threads=1), of_lists


def sentencepiece(model: str) -> System:
    """The library that trained the model."""
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    return same, lambda documents: processor.encode(documents, num_threads=1), of_lists


SYSTEMS = {
    make.__name__: make
    for make in (codemill, tokenizers, fastokens, gigatoken, tokie, splintr, tiktoken, sentencepiece)
}
PACKAGES = {"splintr": "splintr-rs"}


def resident(name: str) -> int:
    """Bytes of a line of this process's status."""
    return int(re.findall(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[0]) << 10


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("model", help="a tokenizer.json, .tiktoken, .model or, for codemill, a directory")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--megabytes", type=float, required=True)
    parser.add_argument(
        "--hashes",
        type=Path,
        required=True,
        help="receives a hash of the ids of each document, then of each of `hard_documents`",
    )
    arguments = parser.parse_args()

    given, encode, ids = SYSTEMS[arguments.system](arguments.model)
    list(ids(encode(given([WARM_TEXT]))))  # compiles or loads what there is to
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM starts again
    before = resident("VmRSS")
    digests = bytearray()
    seconds = processor = 0.0
    tokens = size = held = 0
    batch: list[str] = []

    def run() -> None:
        nonlocal seconds, processor, tokens
        taken = given(batch)
        begin, busy = time.perf_counter(), time.process_time()
        found = encode(taken)
        seconds += time.perf_counter() - begin
        processor += time.process_time() - busy
        for document in ids(found):
            tokens += len(document) // 4
            digests.extend(hashlib.blake2b(document, digest_size=8).digest())

    for document in read_documents(arguments.corpus, arguments.megabytes * 1e6):
        batch.append(document)
        held += len(document.encode())
        if held >= BATCH_BYTES:
            run()
            size += held
            batch, held = [], 0
    if batch:
        run()
        size += held
    peak = resident("VmHWM")
    figures: dict[str, float] = {"documents": len(digests) // 8, "bytes": size, "tokens": tokens}
    figures |= {"seconds": seconds, "cpu_seconds": processor, "memory": peak - before}
    batch = hard_documents()
    run()
    np.save(arguments.hashes, np.frombuffer(digests, np.uint64))
    result = {
        "version": version(PACKAGES.get(arguments.system, arguments.system)),
        "python": ".".join(map(str, sys.version_info[:3])),
    }
    print(json.dumps(result | figures))


if __name__ == "__main__":
    main()
