"""Makes a benchmark corpus out of the text files of a directory tree, in the formats that a build reads.

    python -m benchmarks.corpus TREE --output DIRECTORY --megabytes 120

Any tree with enough text will do: the site-packages of an environment, a folder of checkouts. Written are prose as The
Pile's JSON lines, code as Parquet in the columns of a BigQuery export, and a byte-level BPE `tokenizer.json` trained on
a part of both, so that two systems can be given the same documents and the same vocabulary. The same tree gives the
same corpus: files are taken in the order of a hash of their relative path.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

CODE_SUFFIXES = frozenset({".py", ".c", ".h", ".cpp", ".hpp", ".cc", ".go", ".java", ".js"})
PROSE_SUFFIXES = frozenset({".md", ".rst", ".txt"})
PROSE_NAMES = frozenset({"METADATA", "LICENSE", "README", "NOTICE"})
# datatrove's MinHash holds several matrices of 2 kB a word; a longer file would measure a machine's memory.
LONGEST_BYTES = 900_000
FILE_BYTES = 48_000_000
ROW_GROUP_DOCUMENTS = 500
VOCABULARY_SIZE = 51_200
TOKENIZER_SAMPLE_DOCUMENTS = 3_000
SEPARATOR = "<|endoftext|>"
DESCRIPTION_NAME = "corpus.json"


class Document(NamedTuple):
    """A file of the tree, read."""

    repository: str
    path: str
    text: str
    size: int
    """Bytes of the text in UTF-8."""


def is_code(path: Path) -> bool:
    """Whether a file counts as code, by its suffix."""
    return path.suffix in CODE_SUFFIXES


def is_prose(path: Path) -> bool:
    """Whether a file counts as prose, by its suffix or name."""
    return path.suffix in PROSE_SUFFIXES or path.name in PROSE_NAMES


def files_of(tree: Path) -> list[Path]:
    """Every code and prose file below `tree`, in the order of the SHA-256 of its relative path."""
    files = [path for path in tree.rglob("*") if is_code(path) or is_prose(path)]
    return sorted(
        (path for path in files if path.is_file() and not path.is_symlink()),
        key=lambda path: hashlib.sha256(path.relative_to(tree).as_posix().encode()).digest(),
    )


def read_documents(tree: Path, files: list[Path], most_bytes: int) -> Iterator[Document]:
    """The files that are usable text, until `most_bytes` are reached; files of other encodings are passed over."""
    total = 0
    for path in files:
        if total >= most_bytes:
            return
        data = path.read_bytes()
        if not 0 < len(data) <= LONGEST_BYTES or b"\0" in data:
            continue
        try:
            text = data.decode()
        except UnicodeDecodeError:
            continue
        relative = path.relative_to(tree)
        total += len(data)
        yield Document(relative.parts[0], relative.as_posix(), text, len(data))


def in_files(documents: Iterator[Document]) -> Iterator[list[Document]]:
    """Cut a stream of documents into lists of about `FILE_BYTES`."""
    part: list[Document] = []
    held = 0
    for document in documents:
        part.append(document)
        held += document.size
        if held >= FILE_BYTES:
            yield part
            part, held = [], 0
    if part:
        yield part


def write_prose(path: Path, documents: list[Document]) -> None:
    """Write The Pile's JSON lines."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for document in documents:
            line = {"text": document.text, "meta": {"pile_set_name": "Prose"}}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def write_code(path: Path, documents: list[Document]) -> None:
    """Write Parquet in the columns of a BigQuery export of GitHub files."""
    table = pa.table(
        {
            "repo_name": [document.repository for document in documents],
            "path": [document.path for document in documents],
            "content": [document.text for document in documents],
            "license": ["mit"] * len(documents),
            "size": pa.array([document.size for document in documents], pa.int64()),
            "copies": pa.array([1] * len(documents), pa.int64()),
        }
    )
    pq.write_table(table, path, row_group_size=ROW_GROUP_DOCUMENTS, compression="zstd")


def train_tokenizer(texts: Iterator[str]) -> Tokenizer:
    """Byte-level BPE in GPT-2's manner, of at most `VOCABULARY_SIZE` ids."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[SEPARATOR],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_corpus(tree: Path, output: Path, megabytes: float, code_share: float = 0.75) -> dict[str, int]:
    """Write `prose/*.jsonl`, `code/*.parquet`, `tokenizer.json` and `corpus.json` into `output`.

    Args:
        tree: where the text files lie.
        output: a directory that does not exist yet, or is empty.
        megabytes: text wanted, in 10^6 bytes of UTF-8.
        code_share: part of it that is code.

    Returns:
        Documents and bytes of text per kind, as `corpus.json` has them.

    Raises:
        SystemExit: the output is not empty, or the tree has less than nine tenths of the text wanted.
    """
    if output.exists() and any(output.iterdir()):
        raise SystemExit(f"{output} is not empty: name another directory, or remove it")
    files = files_of(tree)
    description: dict[str, int] = {}
    sample: list[str] = []
    wanted = int(megabytes * 1e6)
    found = 0
    # Prose first: where a tree has little of it, code fills the rest.
    for kind, share, chosen, suffix, write in (
        ("prose", 1 - code_share, is_prose, "jsonl", write_prose),
        ("code", 1.0, is_code, "parquet", write_code),
    ):
        (output / kind).mkdir(parents=True)
        documents = read_documents(tree, [path for path in files if chosen(path)], int(share * wanted) - found)
        parts = list(in_files(documents))
        for i, part in enumerate(parts):
            write(output / kind / f"{i:02d}.{suffix}", part)
        everything = [document for part in parts for document in part]
        sample += [document.text for document in islice(everything, TOKENIZER_SAMPLE_DOCUMENTS)]
        description[f"{kind}_documents"] = len(everything)
        found += sum(document.size for document in everything)
        description[f"{kind}_bytes"] = sum(document.size for document in everything)
    if found < 0.9 * wanted:
        raise SystemExit(
            f"{tree} has only {found / 1e6:.0f} MB of the {megabytes:.0f} MB of text asked for "
            f"({description['prose_bytes'] / 1e6:.0f} MB prose): name a larger tree or ask for less"
        )
    tokenizer = train_tokenizer(iter(sample))
    tokenizer.save(str(output / "tokenizer.json"))
    description["vocabulary"] = tokenizer.get_vocab_size()
    (output / DESCRIPTION_NAME).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return description


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Make a benchmark corpus from a tree of text files.")
    parser.add_argument("tree", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=120)
    arguments = parser.parse_args()
    print(json.dumps(write_corpus(arguments.tree, arguments.output, arguments.megabytes), indent=2))


if __name__ == "__main__":
    main()
