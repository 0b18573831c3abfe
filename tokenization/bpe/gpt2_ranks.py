"""GPT-2's ranks from any of the forms in which they are passed around.

The forms hold the same: 256 bytes, merges in order, and a token between documents. What is read here is what all of
them say, so a tokenizer does not depend on the form that its ranks came in.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NamedTuple

from schemas.errors import CodemillError
from tokenization.bpe.byte_level import byte_characters

SEPARATOR = "<|endoftext|>"
LARGEST = 50_257
"""Tokens of GPT-2; a vocabulary with more is another model's."""

_FORMS = "name GPT-2's vocab.json with its merges.txt, its .tiktoken file or its tokenizer.json"


class Ranks(NamedTuple):
    """A vocabulary in GPT-2's spelling.

    Attributes:
        ids: token to id, `<|endoftext|>` last, without a gap.
        merges: the pairs, the first merged first.
    """

    ids: dict[str, int]
    merges: list[tuple[str, str]]


def read_ranks(vocabulary: bytes, merges: bytes | None = None) -> Ranks:
    """Ranks from the bytes of their files.

    Args:
        vocabulary: `vocab.json` (also named `encoder.json`: token to id), `gpt2.tiktoken` (a token in Base64, a space
            and its rank on each line) or `tokenizer.json`, of which the model's part counts.
        merges: `merges.txt` (also named `vocab.bpe`: a pair on each line), which only `vocab.json` needs.

    Raises:
        CodemillError: these are no such files, or not GPT-2's.
    """
    try:
        ranks = _read(vocabulary, merges)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        words = str(error).splitlines() or [type(error).__name__]
        raise CodemillError(f"not a byte-level BPE vocabulary: {words[0][:200]}", _FORMS) from None
    _check(ranks)
    return ranks


def _read(vocabulary: bytes, merges: bytes | None) -> Ranks:
    if vocabulary.lstrip()[:1] != b"{":
        _refuse_merges(merges, "a .tiktoken file")
        return _from_tiktoken(vocabulary)
    content = json.loads(vocabulary)
    if isinstance(content.get("model"), dict):
        _refuse_merges(merges, "a tokenizer.json")
        return _from_tokenizer_json(content)
    if merges is None:
        raise CodemillError("a vocab.json says nothing about merges", "name GPT-2's merges.txt under `merges`")
    lines = merges.decode().split("\n")
    pairs = [line.rstrip("\r").split(" ") for line in lines if line.strip() and not line.startswith("#version")]
    return Ranks(content, [(left, right) for left, right in pairs])


def _refuse_merges(merges: bytes | None, form: str) -> None:
    if merges is not None:
        raise CodemillError(f"{form} needs no merges", "take out `merges`, or name a vocab.json as vocabulary")


def _from_tokenizer_json(content: dict[str, Any]) -> Ranks:
    model = content["model"]
    if model.get("type", "BPE") != "BPE":
        raise ValueError(f"the tokenizer.json has a model of type {model['type']}")
    pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]
    ids = dict(model["vocab"])
    for token in content.get("added_tokens") or ():
        if token["content"] == SEPARATOR:  # some files hold it here alone
            ids.setdefault(SEPARATOR, token["id"])
    return Ranks(ids, [(left, right) for left, right in pairs])


def _from_tiktoken(content: bytes) -> Ranks:
    """The file has ranks of whole tokens; the merge that makes a token is the last one of its own bytes."""
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        try:
            spelling, place = line.split()
            ranks[base64.b64decode(spelling, validate=True)] = int(place)
        except (ValueError, binascii.Error):
            raise ValueError(f"line {number} is not a token in Base64 and its rank") from None
    character_of = {byte: character for character, byte in byte_characters().items()}
    spelled = {token: "".join(map(character_of.__getitem__, token)) for token in ranks}
    ids = {spelled[token]: rank for token, rank in ranks.items()}
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        if len(token) > 1:
            left, right = _last_merge(token, rank, ranks)
            merges.append((spelled[left], spelled[right]))
    return Ranks(ids | {SEPARATOR: len(ranks)}, merges)


def _last_merge(token: bytes, rank: int, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts that are left when a token's bytes are merged by the ranks before its own."""
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        joined = [ranks.get(parts[i] + parts[i + 1], rank) for i in range(len(parts) - 1)]
        best = min(joined)
        if best >= rank:
            raise ValueError(f"no merges make the token of rank {rank}")
        at = joined.index(best)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    if not all(ranks.get(part, rank) < rank for part in parts):
        raise ValueError(f"the token of rank {rank} has a part without a lower rank")
    return parts[0], parts[1]


def _check(ranks: Ranks) -> None:
    ids = ranks.ids
    if len(ids) > LARGEST:
        raise CodemillError(f"the vocabulary has {len(ids):,} tokens, GPT-2's has {LARGEST:,}", _FORMS)
    if not byte_characters().keys() <= ids.keys():
        raise CodemillError("not a byte-level BPE vocabulary: it lacks single bytes", _FORMS)
    if SEPARATOR not in ids or sorted(ids.values()) != list(range(len(ids))):
        raise CodemillError(f"the vocabulary lacks {SEPARATOR} or skips ids", _FORMS)
    for left, right in ranks.merges:
        if not {left, right, left + right} <= ids.keys():
            raise CodemillError(f"the merge of {left!r} and {right!r} has parts that are no tokens", _FORMS)
