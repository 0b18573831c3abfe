"""Tokenizers from their files."""

from __future__ import annotations

from schemas.config import CodegenTokenizerConfig, TokenizerJsonConfig
from schemas.errors import CodemillError
from storage.files import exists, join, read_bytes
from tokenization.json_tokenizer import SETTINGS_NAME, JsonTokenizer, codegen_definition, load_json_tokenizer
from tokenization.sentencepiece import MODEL_NAME, SentencePieceTokenizer
from tokenization.tokenizer import Tokenizer

GPT2_SEPARATOR = "<|endoftext|>"


def load_tokenizer(directory: str) -> Tokenizer:
    """The tokenizer whose files are in a directory, local or gs://.

    Raises:
        CodemillError: there is none.
    """
    if exists(join(directory, MODEL_NAME)):
        return SentencePieceTokenizer(read_bytes(join(directory, MODEL_NAME)))
    if exists(join(directory, SETTINGS_NAME)):
        return load_json_tokenizer(directory)
    raise CodemillError(f"{directory}: holds no tokenizer", "name the `tokenizer` directory of a snapshot")


def save_given(config: CodegenTokenizerConfig | TokenizerJsonConfig, directory: str) -> None:
    """Bring a tokenizer that the config names by its files into the form that `load_tokenizer` reads.

    Raises:
        CodemillError: the files are not what the config says.
        StorageError: a file is missing.
    """
    if isinstance(config, CodegenTokenizerConfig):
        definition = codegen_definition(read_bytes(config.vocabulary), read_bytes(config.merges))
        JsonTokenizer(definition, GPT2_SEPARATOR).save(directory)
    else:
        JsonTokenizer(read_bytes(config.path), config.separator).save(directory)
