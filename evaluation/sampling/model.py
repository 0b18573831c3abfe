"""A model from what `codemill train` or `codemill export-hf` wrote, or from Hugging Face."""

from __future__ import annotations

import json
from typing import NamedTuple

from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import MANIFEST_NAME, PLAN_NAME
from schemas.model_config import ModelConfig
from storage.files import exists, join, read_bytes
from tokenization import codegen, hf_json
from tokenization.load import load_tokenizer
from tokenization.sentencepiece import tokenizer as sentencepiece
from tokenization.tokenizer import Tokenizer
from trainer.checkpoints.checkpoint import load_checkpoint
from trainer.metrics.log import read_plan
from trainer.model.huggingface import load_pretrained
from trainer.model.parameters import Parameters

_CONFIG = "config.json"
_TOKENIZER_SETTINGS = "tokenizer_config.json"
_SEPARATOR = "<|endoftext|>"


class Model(NamedTuple):
    """A model and what it is read and written with."""

    config: ModelConfig
    params: Parameters
    tokenizer: Tokenizer


def load_model(path: str, checkpoint: int | None = None) -> Model:
    """Weights and tokenizer.

    Args:
        path: a run's directory, local or gs://, or a local directory with a Hugging Face CodeGen.
        checkpoint: of a run, counted over all stages; the newest if None.

    Raises:
        CodemillError: it is neither, or there is no such checkpoint, or no tokenizer.
        CheckFailed: a file is damaged, or the tokenizer is not this model's.
    """
    if exists(join(path, PLAN_NAME)):
        model = _from_run(path, checkpoint)
    elif not exists(join(path, _CONFIG)):
        is_snapshot = exists(join(path, MANIFEST_NAME))
        what = "is a snapshot, not a model" if is_snapshot else f"holds neither {PLAN_NAME} nor {_CONFIG}"
        raise CodemillError(
            f"{path}: {what}",
            "name a directory that `codemill train` or `codemill export-hf` wrote, or a Hugging Face CodeGen",
        )
    elif checkpoint is not None:
        raise CodemillError(f"{path}: an exported model has no checkpoints", "leave --checkpoint out")
    else:
        model = Model(*load_pretrained(path), _their_tokenizer(path))
    if model.tokenizer.size > model.config.vocabulary_rows:
        raise CheckFailed(
            f"{path}: the tokenizer has {model.tokenizer.size} ids, the model {model.config.vocabulary_rows} rows",
            "put the model's own tokenizer there",
        )
    return model


def _from_run(run: str, checkpoint: int | None) -> Model:
    plan = read_plan(run)
    config, params, lineage = load_checkpoint(plan.checkpoint.directory or run, checkpoint)
    snapshot = plan.stages[len(lineage.stages) - 1].parts[0].snapshot
    try:
        tokenizer = load_tokenizer(join(snapshot, "tokenizer"))
    except CodemillError as error:
        raise CodemillError(error.message, "put the snapshot back where the run's plan names it") from None
    return Model(config, params, tokenizer)


def _their_tokenizer(directory: str) -> Tokenizer:
    """As our export writes it, or as the released models have it, perhaps in GPT-2's files."""
    names = (sentencepiece.MODEL_FILE, hf_json.TOKENIZER_FILE, hf_json.SEPARATOR_FILE, "vocab.json", "merges.txt")
    there = {name for name in names if exists(join(directory, name))}
    if sentencepiece.MODEL_FILE in there or {hf_json.TOKENIZER_FILE, hf_json.SEPARATOR_FILE} <= there:
        return load_tokenizer(directory)
    if hf_json.TOKENIZER_FILE in there:
        return hf_json.HfJsonTokenizer(read_bytes(join(directory, hf_json.TOKENIZER_FILE)), _separator(directory))
    if {"vocab.json", "merges.txt"} <= there:
        return codegen.build(read_bytes(join(directory, "vocab.json")), read_bytes(join(directory, "merges.txt")))
    raise CodemillError(
        f"{directory}: holds no tokenizer",
        f"put the model's {hf_json.TOKENIZER_FILE}, or vocab.json and merges.txt, beside its weights",
    )


def _separator(directory: str) -> str:
    if not exists(join(directory, _TOKENIZER_SETTINGS)):
        return _SEPARATOR
    token = json.loads(read_bytes(join(directory, _TOKENIZER_SETTINGS))).get("eos_token") or _SEPARATOR
    return str(token["content"] if isinstance(token, dict) else token)
