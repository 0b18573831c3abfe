"""Times training steps of Hugging Face's CodeGen in PyTorch; prints one line of JSON.

    PEER_PYTHON benchmarks/train_peers.py '{"layers": 4, ...}' --batch 4 --steps 12 [--compile]

Runs in an environment of its own (requirements-torch.txt) and imports nothing of ours. The same sizes, float32, AdamW
with decay on matrices, clipping at norm 1; batches of random ids are in memory. The first steps, which compile, do not
count.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from importlib.metadata import version
from pathlib import Path

import torch
from transformers import CodeGenConfig, CodeGenForCausalLM

WARM = 2


def peak_memory() -> int:
    """Resident bytes of this process at its largest."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=json.loads)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    sizes = arguments.model
    config = CodeGenConfig(
        vocab_size=sizes["vocabulary_rows"],
        n_positions=sizes["context_length"],
        n_ctx=sizes["context_length"],
        n_embd=sizes["heads"] * sizes["head_dim"],
        n_layer=sizes["layers"],
        n_head=sizes["heads"],
        rotary_dim=sizes["rotary_dim"],
        use_cache=False,
        attn_implementation="eager",
    )
    torch.manual_seed(0)
    model = CodeGenForCausalLM(config).train()
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-5, betas=(0.9, 0.95), foreach=True)
    forward = torch.compile(model) if arguments.compile else model
    draw = torch.Generator().manual_seed(0)
    shape = (arguments.batch, sizes["context_length"] + 1)
    seconds = []
    for _ in range(arguments.steps):
        ids = torch.randint(0, sizes["vocabulary_rows"], shape, generator=draw)
        begin = time.perf_counter()
        scores = forward(ids[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(scores.float().flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - begin)
    tokens = arguments.batch * sizes["context_length"]
    print(
        json.dumps(
            {
                "tokens_per_second": tokens / min(seconds[WARM:]),
                "parameters": sum(p.numel() for p in model.parameters()),
                "peak_bytes": peak_memory(),
                "torch": version("torch"),
                "transformers": version("transformers"),
            }
        )
    )


if __name__ == "__main__":
    main()
