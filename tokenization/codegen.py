"""CodeGen's tokenizer: GPT-2's byte-level BPE plus tokens for runs of spaces and tabs.

Ids 0 to 50256 are GPT-2's. Then come runs of 31 down to 2 spaces and of 9 down to 2 tabs, as the sampling script of
https://github.com/salesforce/CodeGen adds them: ordinary tokens that are cut out of the text before anything
else, the longest first.
"""

from __future__ import annotations

import json

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from schemas.errors import CodemillError
from tokenization.hf_json import HfJsonTokenizer

SEPARATOR = "<|endoftext|>"
RUNS = (*(" " * count for count in range(31, 1, -1)), *("\t" * count for count in range(9, 1, -1)))


def build(vocabulary: bytes, merges: bytes) -> HfJsonTokenizer:
    """The tokenizer over given ranks.

    Args:
        vocabulary: GPT-2's `vocab.json` (also named `encoder.json`): token to id.
        merges: GPT-2's `merges.txt` (also named `vocab.bpe`): one pair a line, the first merged first.

    Raises:
        CodemillError: these are not such files.
    """
    try:
        ids = json.loads(vocabulary)
        lines = merges.decode().split("\n")
        pairs = [(left, right) for left, right in (x.split(" ") for x in lines if x and not x.startswith("#version"))]
        tokenizer = Tokenizer(models.BPE(vocab=ids, merges=pairs))
        last = max(ids.values())
    except Exception as error:  # the library raises the base class
        raise CodemillError(
            f"not a byte-level BPE vocabulary: {error}", "name GPT-2's vocab.json and merges.txt"
        ) from None
    if SEPARATOR not in ids or last != len(ids) - 1:
        raise CodemillError(
            f"the vocabulary lacks {SEPARATOR} or skips ids",
            "name GPT-2's vocab.json, not one of another model",
        )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(SEPARATOR, special=True, normalized=False)])
    tokenizer.add_tokens([AddedToken(run, normalized=False) for run in RUNS])
    return HfJsonTokenizer(tokenizer.to_str().encode(), SEPARATOR)
