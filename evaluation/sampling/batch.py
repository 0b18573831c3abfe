"""Some texts that are continued together, each as if it were alone.

Shape letters: B rows of a bucket, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from evaluation.sampling.buckets import READ_TOKENS, read_tokens, row_bucket, slot_bucket
from evaluation.sampling.decode import Rows, State, read, spread, write
from evaluation.sampling.draw import Choice
from evaluation.sampling.forward import empty_cache
from evaluation.sampling.settings import Settings
from evaluation.sampling.weights import Weights
from schemas.model_config import ModelConfig


class Engine(NamedTuple):
    """What all batches share."""

    config: ModelConfig
    weights: Weights
    dtype: Any
    separator_id: int


class Row(NamedTuple):
    """One text to continue."""

    ids: NDArray[np.int32]
    """The prompt, at least one token."""
    number: int
    """Of the prompt; this and the next make the draws of a row different from those of others."""
    sample: int
    """Of the continuation among those of this prompt."""


class Batch:
    """Rows in a cache of their own.

    Args:
        engine: the model.
        rows: what to continue, at least one.
        settings: how.
    """

    def __init__(self, engine: Engine, rows: Sequence[Row], settings: Settings) -> None:
        self._engine = engine
        self._rows = len(rows)
        count = row_bucket(len(rows))
        before = read_tokens(max(row.ids.size for row in rows))
        # A prompt is read once, however many rows continue it; what fills up the bucket continues the first one.
        texts = {row.ids.tobytes(): row.ids for row in rows}
        place = {key: i for i, key in enumerate(texts)}
        source_B = np.zeros(count, np.int32)
        source_B[: len(rows)] = [place[row.ids.tobytes()] for row in rows]
        ids_BT = np.zeros((row_bucket(len(texts)), before + 1), np.int32)
        begin_B = np.full(len(ids_BT), before, np.int32)
        for i, ids in enumerate(texts.values()):
            begin_B[i] = before + 1 - ids.size
            ids_BT[i, begin_B[i] :] = ids
        cache = empty_cache(engine.config, len(ids_BT), slot_bucket(before + settings.tokens), engine.dtype)
        for first in range(0, before, READ_TOKENS):
            stretch = ids_BT[:, first : first + READ_TOKENS]
            cache = read(engine.config, engine.weights, cache, stretch, np.int32(first), begin_B)
        if len(texts) < len(rows):
            cache = spread(engine.config, cache, source_B)
        self._begin_B = jnp.asarray(begin_B[source_B])
        numbers = np.zeros((count, 2), np.uint32)
        numbers[: len(rows)] = [(row.number, row.sample) for row in rows]
        self._keys_B = _row_keys(np.uint32(settings.seed), jnp.asarray(numbers))
        self._choice = Choice(jnp.float32(settings.temperature), jnp.int32(settings.top_k), jnp.float32(settings.top_p))
        done_B = jnp.arange(count) >= len(rows)
        self._state = State(cache, jnp.asarray(ids_BT[source_B, -1]), jnp.int32(before), done_B)

    def write(self, count: int, done: Sequence[bool]) -> NDArray[np.int32]:
        """Write at most `count` tokens in each row.

        Args:
            count: up to `STRETCH`; over all calls, up to the settings' tokens.
            done: rows that have ended by what their text says.

        Returns:
            int32 [rows, count]; the separator where a row has ended.
        """
        engine = self._engine
        done_B = self._state.done_B | np.pad(np.array(done, bool), (0, self._begin_B.size - self._rows))
        self._state, new_BN = write(
            engine.config,
            engine.weights,
            self._state._replace(done_B=done_B),
            Rows(self._begin_B, self._keys_B),
            self._choice,
            np.int32(count),
            np.int32(engine.separator_id),
        )
        return np.asarray(new_BN)[: self._rows, :count]


@jax.jit
def _row_keys(seed: np.uint32, numbers_B2: jax.Array) -> jax.Array:
    def of_row(numbers_2: jax.Array) -> jax.Array:
        key = jax.random.fold_in(jax.random.key(seed), numbers_2[0])
        return jax.random.fold_in(key, numbers_2[1])

    return jax.vmap(of_row)(numbers_B2)
