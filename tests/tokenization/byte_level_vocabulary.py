"""A small vocabulary in the form of GPT-2's files."""

from __future__ import annotations

import json
from functools import cache

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from tests.corpus import prose_text, python_text


@cache
def gpt2_like_files() -> tuple[bytes, bytes]:
    """(vocab.json, merges.txt): 256 bytes, some merges, `<|endoftext|>` last."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([text(i) for i in range(30) for text in (python_text, prose_text)], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = model["vocab"] | {"<|endoftext|>": len(model["vocab"])}
    merges = "#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in model["merges"])
    return json.dumps(vocabulary).encode(), merges.encode()
