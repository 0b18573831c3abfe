"""Documents inside a record, told from its ids: what attends to what, at which position, and what is padding.

The rules are those of `docs/data-format.md`; `loaders/segments.py` states the same for other trainers.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp


class DocumentRule(NamedTuple):
    """How a stage treats the documents of a record; static in compiled functions."""

    separator_id: int
    apart: bool
    """Tokens attend to their own document only, and positions begin anew in each; otherwise a record is one text."""


class Places(NamedTuple):
    """Where each token of a batch stands.

    Attributes:
        positions: integers, broadcastable to [batch, heads, length].
        segments: int32 [batch, length], equal within a document; None where a record is one text.
    """

    positions: jax.Array
    segments: jax.Array | None


def places_of(input_ids: jax.Array, rule: DocumentRule | None) -> Places:
    """The places of inputs [batch, length]; without a rule, or one that keeps records whole, those of one text."""
    index_T = jnp.arange(input_ids.shape[1])
    if rule is None or not rule.apart:
        return Places(index_T, None)
    after_separator = input_ids[:, :-1] == rule.separator_id
    begins_BT = jnp.pad(after_separator, ((0, 0), (1, 0)), constant_values=True)
    starts_BT = jax.lax.cummax(jnp.where(begins_BT, index_T, 0), axis=1)
    return Places((index_T - starts_BT)[:, None], jnp.cumsum(begins_BT, axis=1, dtype=jnp.int32))


def target_mask(ids: jax.Array, rule: DocumentRule | None) -> jax.Array:
    """Which of the targets ids[:, 1:] count: float32 [batch, length]; a separator right behind a separator does not."""
    if rule is None:
        return jnp.ones(ids[:, 1:].shape, jnp.float32)
    separators = ids == rule.separator_id
    return jnp.where(separators[:, 1:] & separators[:, :-1], 0.0, 1.0)
