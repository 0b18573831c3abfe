from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from codemill.export_hf import export
from pipelines.build import build
from pipelines.jobs.progress import Silence
from pipelines.jobs.runner import Runner
from schemas.config import BuildConfig
from schemas.plan import Plan
from tests.corpus import write_corpus
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from trainer.checkpoints.checkpoint import load_checkpoint
from trainer.model.huggingface import load_pretrained
from trainer.train import train


def test_weights_and_tokenizer_are_written_together(tmp_path: Path) -> None:
    for name, content in zip(("vocab.json", "merges.txt"), gpt2_like_files(), strict=True):
        (tmp_path / name).write_bytes(content)
    config = write_corpus(tmp_path / "corpus").model_dump(mode="json")
    config["tokenizer"] = {
        "kind": "codegen",
        "vocabulary": str(tmp_path / "vocab.json"),
        "merges": str(tmp_path / "merges.txt"),
    }
    build(BuildConfig.model_validate(config), str(tmp_path / "snapshot"), Runner(1, Silence()))
    plan = {
        "name": "small",
        "model": {
            "layers": 1,
            "heads": 4,
            "head_dim": 8,
            "rotary_dim": 4,
            "vocabulary_rows": 700,
            "context_length": 32,
        },
        "stages": [
            {
                "name": "mono",
                "snapshot": str(tmp_path / "snapshot"),
                "steps": 2,
                "batch_sequences": 4,
                "learning_rate": {"peak": 1e-3, "end": 1e-4, "warmup_steps": 1, "anneal_steps": 4},
            }
        ],
        "rematerialise": False,
    }
    train(Plan.model_validate(plan), str(tmp_path / "run"), report=lambda line: None)
    lines = list(export(str(tmp_path / "run"), str(tmp_path / "model"), None))
    assert "step 2, stage mono" in lines[0] and "tokenizer.json" in lines[1]
    config_of, params, _ = load_checkpoint(str(tmp_path / "run"))
    again_config, again = load_pretrained(str(tmp_path / "model"))
    assert again_config == config_of
    assert all(np.array_equal(again[name], params[name]) for name in params)
    settings = json.loads((tmp_path / "model" / "tokenizer_config.json").read_bytes())
    assert settings["eos_token"] == "<|endoftext|>" and settings["model_max_length"] == 32
    separator = json.loads((tmp_path / "model" / "config.json").read_bytes())["eos_token_id"]
    vocabulary = json.loads((tmp_path / "vocab.json").read_bytes())
    assert separator == vocabulary["<|endoftext|>"]
