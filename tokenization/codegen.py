"""CodeGen's tokenizer: GPT-2's byte-level BPE plus tokens for runs of spaces and tabs.

Ids 0 to 50256 are GPT-2's. Then come runs of 31 down to 2 spaces and of 9 down to 2 tabs, as the sampling script of
https://github.com/salesforce/CodeGen adds them: ordinary tokens that are cut out of the text before anything
else, the longest first.
"""

from __future__ import annotations

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from tokenization.bpe.gpt2_ranks import SEPARATOR, read_ranks
from tokenization.hf_json import HfJsonTokenizer
from tokenization.special_tokens import check_specials

RUNS = (*(" " * count for count in range(31, 1, -1)), *("\t" * count for count in range(9, 1, -1)))


def build(vocabulary: bytes, merges: bytes | None = None, specials: tuple[str, ...] = ()) -> HfJsonTokenizer:
    """The tokenizer over given ranks; in whatever form they are given, it has the same identity.

    Args:
        vocabulary: GPT-2's `vocab.json`, `.tiktoken` file or `tokenizer.json`, see `read_ranks`.
        merges: GPT-2's `merges.txt`, needed with `vocab.json` alone.
        specials: further special tokens, which get the ids behind the runs.

    Raises:
        CodemillError: these are not such files, or a special token has a name that it cannot have.
    """
    ranks = read_ranks(vocabulary, merges)
    check_specials(specials, (*ranks.ids, *RUNS))
    tokenizer = Tokenizer(models.BPE(vocab=ranks.ids, merges=ranks.merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(SEPARATOR, special=True, normalized=False)])
    tokenizer.add_tokens([AddedToken(run, normalized=False) for run in RUNS])
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in specials])
    return HfJsonTokenizer(tokenizer.to_str().encode(), SEPARATOR)
