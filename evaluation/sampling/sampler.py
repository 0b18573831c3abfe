"""Continue texts with a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from buffers.texts import Texts
from evaluation.sampling.batch import Batch, Engine, Row
from evaluation.sampling.growing import Continuation, Growing
from evaluation.sampling.model import Model
from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import NOWHERE, Stops
from evaluation.sampling.weights import lay_out
from schemas.errors import CodemillError

Dtype = Literal["auto", "float32", "bfloat16"]
_STRETCH = 16
"""Tokens between two looks at the texts of a batch."""
_STREAM_STRETCH = 4
"""Tokens between two pieces of a stream."""


class Sampler:
    """A model made ready to continue texts.

    Args:
        model: its weights and tokenizer.
        dtype: of weights, activations and cache; `auto`: bfloat16 on accelerators, float32 on CPUs.
        batch: the most texts that are continued at once.
    """

    def __init__(self, model: Model, dtype: Dtype = "auto", batch: int = 16) -> None:
        self._tokenizer = model.tokenizer
        self._batch = batch
        if dtype == "auto":
            dtype = "float32" if jax.default_backend() == "cpu" else "bfloat16"
        kind = jnp.dtype(dtype)
        weights = lay_out(model.config, model.params, kind, model.tokenizer.size)
        self._engine = Engine(model.config, weights, kind, model.tokenizer.separator_id)

    def encode(self, text: str) -> NDArray[np.int32]:
        """The ids of a prompt; of an empty one, the separator, after which a document begins.

        NUL, which a model may have written but no tokenizer takes, becomes the replacement character.
        """
        data = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")
        ids = self._tokenizer.encode(Texts.from_list([data])).ids.astype(np.int32)
        return ids if ids.size else np.array([self._tokenizer.separator_id], np.int32)

    def room(self, settings: Settings) -> int:
        """The most tokens of a prompt."""
        return self._engine.config.context_length - settings.tokens

    def fits(self, prompt: str, settings: Settings) -> bool:
        """Whether a prompt and the new tokens fit the context."""
        return self.encode(prompt).size <= self.room(settings)

    def sample(
        self, prompts: Sequence[str], settings: Settings, samples: int = 1, stops: Stops = NOWHERE
    ) -> list[list[Continuation]]:
        """Continue each text some times.

        Args:
            prompts: texts of any lengths.
            settings: how. Draws follow from the seed, the prompt's place in the list and the sample's number; what
                else is in the list, and how many are continued at once, have no say in them.
            samples: continuations of each prompt.
            stops: where the continuations end.

        Raises:
            CodemillError: a prompt and the new tokens do not fit the context.
        """
        ids = [self._fitting(prompt, settings) for prompt in prompts]
        rows = [Row(ids[number], number, sample) for number in range(len(ids)) for sample in range(samples)]
        # Equally long ones together: the shortest wait for the longest.
        order = sorted(range(len(rows)), key=lambda i: rows[i].ids.size)
        done: dict[int, Continuation] = {}
        for first in range(0, len(order), self._batch):
            chosen = order[first : first + self._batch]
            growing = [Growing(self._tokenizer, stops, settings.tokens) for _ in chosen]
            for _ in self._write([rows[i] for i in chosen], growing, settings, _STRETCH):
                pass
            done |= {i: grown.finished() for i, grown in zip(chosen, growing, strict=True)}
        return [[done[number * samples + sample] for sample in range(samples)] for number in range(len(ids))]

    def stream(self, prompt: str, settings: Settings, sample: int = 0, stops: Stops = NOWHERE) -> Iterator[str]:
        """Continue one text, as `sample` does its first prompt, in pieces as they come; together they are the text.

        A piece holds whole characters, and nothing that a stop may still take away.
        """
        growing = Growing(self._tokenizer, stops, settings.tokens)
        given = 0
        rows = [Row(self._fitting(prompt, settings), 0, sample)]
        for _ in self._write(rows, [growing], settings, _STREAM_STRETCH):
            piece = growing.settled[given:]
            given += len(piece)
            if piece:
                yield piece

    def _fitting(self, prompt: str, settings: Settings) -> NDArray[np.int32]:
        ids = self.encode(prompt)
        if ids.size > self.room(settings):
            raise CodemillError(
                f"{ids.size} prompt tokens and {settings.tokens} new ones do not fit a context of "
                f"{self._engine.config.context_length}",
                "shorten the prompt or ask for fewer tokens",
            )
        return ids

    def _write(
        self, rows: Sequence[Row], growing: Sequence[Growing], settings: Settings, stretch: int
    ) -> Iterator[None]:
        """Let continuations grow until all have ended, a stretch at a time."""
        batch = Batch(self._engine, rows, settings)
        written = 0
        while any(grown.ending is None for grown in growing):
            count = min(stretch, settings.tokens - written)
            new = batch.write(count, [grown.ending is not None for grown in growing])
            written += count
            for grown, ids in zip(growing, new, strict=True):
                grown.add(ids)
            yield
