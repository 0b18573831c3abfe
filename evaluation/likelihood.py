"""How likely a model finds the pieces of texts.

Shape letters: B batch, T tokens, C tokens of a chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from evaluation.sampling.model import Model
from schemas.model_config import ModelConfig
from trainer.model.decoder import head, hidden
from trainer.model.parameters import Parameters

_CHUNK = 64
"""Tokens whose scores over the vocabulary are held at once; lengths are filled up to it times a power of two."""
_BATCH = 4


class Surprise(NamedTuple):
    """Of one piece of a text, given all that stands before it."""

    nats: float
    """Negative log-likelihood, summed over its tokens."""
    tokens: int


class Likelihood(Protocol):
    """Measures texts in pieces."""

    def surprises(self, texts: Sequence[Sequence[str]]) -> list[list[Surprise]]:
        """One for each piece of each text. What does not fit the context has no tokens, nor has the first token."""


class ModelLikelihood:
    """A model's.

    Args:
        model: its weights and tokenizer.
        dtype: of weights and activations in products.
    """

    def __init__(self, model: Model, dtype: Any) -> None:
        self._model = model
        self._dtype = jnp.dtype(dtype)

    def surprises(self, texts: Sequence[Sequence[str]]) -> list[list[Surprise]]:
        """See `Likelihood`. Pieces are encoded one by one, so that each has tokens of its own."""
        pieces = [[self._encode(piece) for piece in text] for text in texts]
        lengths = [min(sum(map(len, ids)), self._model.config.context_length) for ids in pieces]
        found: list[list[Surprise]] = [[] for _ in texts]
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        for first in range(0, len(order), _BATCH):
            chosen = order[first : first + _BATCH]
            # Few lengths, so few compilations.
            filled = _CHUNK << (max(lengths[chosen[-1]] - 1, 0) // _CHUNK).bit_length()
            ids_BT = np.zeros((_BATCH, filled), np.int32)
            for row, number in enumerate(chosen):
                ids_BT[row, : lengths[number]] = np.concatenate(pieces[number])[: lengths[number]]
            model = self._model
            nats_BT = np.asarray(_token_nats(model.config, self._dtype, model.params, ids_BT), np.float64)
            for row, number in enumerate(chosen):
                found[number] = _by_piece(nats_BT[row, : lengths[number]], list(map(len, pieces[number])))
        return found

    def _encode(self, piece: str) -> NDArray[np.int32]:
        data = piece.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")
        return self._model.tokenizer.encode(Texts.from_list([data])).ids.astype(np.int32)


def _by_piece(nats_T: NDArray[np.float64], sizes: Sequence[int]) -> list[Surprise]:
    """Sums over pieces; the text's first token, which nothing predicts, belongs to none."""
    found, begin = [], 0
    for size in sizes:
        own = nats_T[max(begin, 1) : begin + size]
        found.append(Surprise(float(own.sum()), own.size))
        begin += size
    return found


@partial(jax.jit, static_argnames=("config", "dtype"))
def _token_nats(config: ModelConfig, dtype: Any, params: Parameters, ids_BT: jax.Array) -> jax.Array:
    """Of each token given those before it, float32 [B, T]; 0 for the first."""
    x_BTE = hidden(config, params, ids_BT, dtype)
    targets_BT = jnp.roll(ids_BT, -1, axis=1)
    rows, length, width = x_BTE.shape
    x_NBCE = x_BTE.reshape(rows, length // _CHUNK, _CHUNK, width).swapaxes(0, 1)
    targets_NBC = targets_BT.reshape(rows, length // _CHUNK, _CHUNK).swapaxes(0, 1)

    def chunk(part: tuple[jax.Array, jax.Array]) -> jax.Array:
        scores_BCV = head(params, part[0])
        chosen_BC = jnp.take_along_axis(scores_BCV, part[1][..., None], axis=-1)[..., 0]
        return jax.nn.logsumexp(scores_BCV, axis=-1) - chosen_BC

    nats_NBC = jax.lax.map(chunk, (x_NBCE, targets_NBC))
    nats_BT = nats_NBC.swapaxes(0, 1).reshape(rows, length)
    return jnp.roll(nats_BT, 1, axis=1).at[:, 0].set(0.0)
