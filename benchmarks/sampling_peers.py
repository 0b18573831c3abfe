"""Times Hugging Face's `generate` with CodeGen in PyTorch; prints one line of JSON.

    PEER_PYTHON benchmarks/sampling_peers.py '{"layers": 6, ...}' --batch 16 --tokens 256

Runs in an environment of its own (requirements-torch.txt) and imports nothing of ours. Random weights, prompts of
random ids, float32, the key-value cache that `generate` takes by itself. The first call does not count.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import version

import torch
from transformers import CodeGenConfig, CodeGenForCausalLM


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=json.loads)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=3)
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
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    model = CodeGenForCausalLM(config).eval()
    draws: dict[str, float] = {"do_sample": False}
    if arguments.temperature:
        draws = {"do_sample": True, "temperature": arguments.temperature, "top_p": arguments.top_p, "top_k": 0}
    ids = torch.randint(0, sizes["vocabulary_rows"], (arguments.batch, arguments.prompt))
    mask = torch.ones_like(ids)
    seconds = []
    for _ in range(arguments.repeats + 1):
        begin = time.perf_counter()
        with torch.inference_mode():
            out = model.generate(ids, attention_mask=mask, max_new_tokens=arguments.tokens, **draws)
        seconds.append(time.perf_counter() - begin)
        assert out.shape[1] == arguments.prompt + arguments.tokens
    print(
        json.dumps(
            {
                "tokens_per_second": arguments.batch * arguments.tokens / min(seconds[1:]),
                "torch": version("torch"),
                "transformers": version("transformers"),
            }
        )
    )


if __name__ == "__main__":
    main()
