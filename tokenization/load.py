"""Tokenizers from and to directories."""

from __future__ import annotations

from schemas.config import CodegenTokenizerConfig, PinnedFile, TokenizerJsonConfig
from schemas.errors import CodemillError
from storage.files import exists, join
from storage.pinned import read_pinned
from storage.uris import without_secrets
from tokenization import codegen, hf_json
from tokenization.sentencepiece import tokenizer as sentencepiece
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


def given_tokenizer(config: CodegenTokenizerConfig | TokenizerJsonConfig, specials: tuple[str, ...] = ()) -> Tokenizer:
    """The tokenizer that a config names by its files.

    Args:
        config: names the files.
        specials: special tokens that it must have; CodeGen's gets them, a `tokenizer.json` must hold them.

    Raises:
        CodemillError: the files are not what the config says, or a special token is missing.
        StorageError: a file is missing, cannot be read, or has not the hash that the config says.
    """
    file = config.vocabulary if isinstance(config, CodegenTokenizerConfig) else config.path
    content = _read(file)
    try:
        if isinstance(config, CodegenTokenizerConfig):
            return codegen.build(content, _read(config.merges) if config.merges else None, specials)
        tokenizer = hf_json.HfJsonTokenizer(content, config.separator)
        for name in specials:
            if tokenizer.special_id(name) is None:
                raise CodemillError(
                    f"has no special token {name!r}",
                    "add it with `tokenizers`' add_special_tokens, or name one that the file has",
                )
    except CodemillError as error:
        raise CodemillError(f"{without_secrets(file.path)}: {error.message}", error.remedy) from None
    return tokenizer


def _read(file: PinnedFile) -> bytes:
    return read_pinned(file.path, file.sha256)
