"""Tokenizers from and to directories."""

from __future__ import annotations

from schemas.config import CodegenTokenizerConfig, TokenizerJsonConfig
from schemas.errors import CodemillError
from storage.files import exists, join, read_bytes
from tokenization import codegen, hf_json, sentencepiece
from tokenization.tokenizer import Tokenizer


def load_tokenizer(directory: str) -> Tokenizer:
    """The tokenizer that was saved into a directory, local or gs://.

    Raises:
        CodemillError: the directory holds none.
    """
    if exists(join(directory, sentencepiece.MODEL_FILE)):
        return sentencepiece.SentencePieceTokenizer.load(directory)
    if exists(join(directory, hf_json.TOKENIZER_FILE)):
        return hf_json.HfJsonTokenizer.load(directory)
    raise CodemillError(
        f"{directory}: holds no tokenizer",
        f"name a directory with {sentencepiece.MODEL_FILE} or {hf_json.TOKENIZER_FILE}",
    )


def given_tokenizer(config: CodegenTokenizerConfig | TokenizerJsonConfig) -> Tokenizer:
    """The tokenizer that a config names by its files.

    Raises:
        CodemillError: the files are not what the config says.
        StorageError: a file is missing or cannot be read.
    """
    if isinstance(config, CodegenTokenizerConfig):
        return codegen.build(read_bytes(config.vocabulary), read_bytes(config.merges))
    return hf_json.HfJsonTokenizer(read_bytes(config.path), config.separator)
