"""Train a SentencePiece model whose tokenizer gives back every text to the byte."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Literal

import sentencepiece

from schemas.errors import CodemillError
from tokenization.sentencepiece.tokenizer import SEPARATOR, SentencePieceTokenizer
from tokenization.sentencepiece.training_text import SENTENCE_BYTES, sentences
from tokenization.special_tokens import check_specials

LINE_PIECES = ("\n", "\n\n", "\n\n\n", "\r\n", *("\t" * count for count in range(1, 10)))
"""Pieces for line ends and tabs; the trainer itself learns runs of spaces, but sees no lines and no tabs."""

_LONGEST_PIECE = 32  # characters: long enough for deep indentation and for rulers of dashes


def train(
    documents: Iterable[bytes],
    directory: str,
    *,
    vocabulary_size: int,
    model: Literal["bpe", "unigram"] = "bpe",
    specials: tuple[str, ...] = (),
) -> SentencePieceTokenizer:
    """Train a model and save it; the same documents in the same order give the same bytes.

    Args:
        documents: valid UTF-8, in an order that depends on nothing but the corpus.
        directory: receives the model file, local or gs://.
        vocabulary_size: number of ids, the 256 bytes, the separator and `specials` included.
        model: how a text is segmented.
        specials: further control pieces, which get the ids behind the separator.

    Raises:
        CodemillError: the documents do not hold enough different text for a vocabulary of this size, or a special
            token has a name that it cannot have.
    """
    check_specials(specials, ("<unk>", SEPARATOR, *LINE_PIECES, *(f"<0x{byte:02X}>" for byte in range(256))))
    trained = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sentences(documents),
            model_writer=trained,
            model_type=model,
            vocab_size=vocabulary_size,
            # A file of the model holds these settings, the number of threads among them.
            num_threads=1,
            input_sentence_size=0,
            max_sentence_length=SENTENCE_BYTES,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            split_digits=True,
            byte_fallback=True,
            max_sentencepiece_length=_LONGEST_PIECE,
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            control_symbols=[SEPARATOR, *specials],
            user_defined_symbols=list(LINE_PIECES),
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise _explained(str(error), vocabulary_size) from None
    tokenizer = SentencePieceTokenizer(trained.getvalue())
    tokenizer.save(directory)
    return tokenizer


def _explained(message: str, vocabulary_size: int) -> CodemillError:
    if largest := re.search(r"value <= (\d+)", message):
        return CodemillError(
            f"the sample holds too little text for a vocabulary of {vocabulary_size}",
            f"set vocabulary_size to {largest[1]} or less, or train on more text",
        )
    if "sentences_.empty()" in message:
        return CodemillError("the sample holds no text to train a tokenizer on", "train on more text")
    return CodemillError(f"SentencePiece cannot train a vocabulary of {vocabulary_size}: {message}")
