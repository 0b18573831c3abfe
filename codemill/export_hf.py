"""A run's weights and its snapshot's tokenizer as a directory that Hugging Face's libraries load."""

from __future__ import annotations

import json
from collections.abc import Iterator

from codemill.lineage import load_run_plan
from schemas.manifest import load_manifest
from storage.files import join, read_bytes, write_atomic
from storage.listing import list_files
from tokenization.hf_json import SEPARATOR_FILE, TOKENIZER_FILE
from trainer.checkpoints.checkpoint import load_checkpoint
from trainer.model.huggingface import export_pretrained


def export(run: str, directory: str, checkpoint: int | None) -> Iterator[str]:
    """Write the model and its tokenizer; a line for each.

    Raises:
        CodemillError: there is no such run or checkpoint.
        CheckFailed: the checkpoint is damaged.
    """
    plan = load_run_plan(run)
    config, params, lineage = load_checkpoint(plan.checkpoint.directory or run, checkpoint)
    stage = plan.stages[len(lineage.stages) - 1]
    snapshot = stage.parts[0].snapshot
    manifest = load_manifest(snapshot)
    export_pretrained(config, params, directory, separator_id=manifest.tokenizer.separator_id)
    yield f"{directory}: weights of {lineage.plan_name} step {lineage.step}, stage {stage.name}"
    names = [name for name, _, _ in list_files(join(snapshot, "tokenizer"))]
    for name in names:
        write_atomic(join(directory, name), read_bytes(join(snapshot, "tokenizer", name)))
    if TOKENIZER_FILE in names:
        separator = json.loads(read_bytes(join(directory, SEPARATOR_FILE)))["separator"]
        settings = {
            "bos_token": separator,
            "clean_up_tokenization_spaces": False,
            "eos_token": separator,
            "model_max_length": config.context_length,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": separator,
        }
        write_atomic(join(directory, "tokenizer_config.json"), json.dumps(settings, indent=2).encode() + b"\n")
    yield f"{directory}: tokenizer of snapshot {manifest.digest[:12]}: {', '.join(sorted(names))}"
