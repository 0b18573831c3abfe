from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.sampling.batch import Batch, Engine, Row
from evaluation.sampling.settings import Settings
from evaluation.sampling.weights import lay_out
from tests.evaluation.sampling.nucleus import shares, uniformity
from trainer.model.decoder import logits
from trainer.model.huggingface import load_pretrained

GOLDEN = Path(__file__).parents[2] / "golden" / "codegen-tiny"
CONFIG, PARAMS = load_pretrained(str(GOLDEN))
GREEDY = np.load(GOLDEN / "golden.npz")["greedy"]


def engine(dtype: Any = jnp.float32, separator_id: int = -1) -> Engine:
    return Engine(CONFIG, lay_out(CONFIG, PARAMS, dtype, CONFIG.vocabulary_rows), dtype, separator_id)


def continued(model: Engine, rows: list[Row], settings: Settings, stretch: int = 16) -> NDArray[np.int32]:
    batch = Batch(model, rows, settings)
    counts = [min(stretch, settings.tokens - done) for done in range(0, settings.tokens, stretch)]
    return np.concatenate([batch.write(count, [False] * len(rows)) for count in counts], axis=1)


def prompts(*sizes: int) -> list[Row]:
    ids = np.random.default_rng(0).integers(0, CONFIG.vocabulary_rows, (len(sizes), max(sizes)), np.int32)
    return [Row(ids[i, :size], i, 7 * i) for i, size in enumerate(sizes)]


def test_greedy_ids_are_hugging_faces() -> None:
    for prompt in (1, 8, 20):
        rows = [Row(ids[: max(prompt, 8)], 0, 0) for ids in GREEDY]
        found = continued(engine(), rows, Settings(tokens=24 - max(prompt, 8), temperature=0.0))
        assert found.tolist() == GREEDY[:, max(prompt, 8) :].tolist()


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_a_row_does_not_depend_on_its_batch(temperature: float) -> None:
    """Alone or with seven others, longer or shorter ones, and whatever the stretches are."""
    rows = prompts(5, 40, 1, 12, 33, 2, 17, 40)
    settings = Settings(tokens=20, temperature=temperature, top_p=0.9)
    together = continued(engine(), rows, settings)
    for i, row in enumerate(rows):
        assert continued(engine(), [row], settings, stretch=7)[0].tolist() == together[i].tolist()
    assert len({tuple(ids) for ids in together.tolist()}) == len(rows)


def test_greedy_is_the_full_forward_passs() -> None:
    rows = prompts(5, 40, 1, 12)
    found = continued(engine(), rows, Settings(tokens=20, temperature=0.0))
    for row, ids in zip(rows, found, strict=True):
        whole = np.concatenate([row.ids, ids])
        scores = logits(CONFIG, PARAMS, jnp.asarray(whole[None, :-1]))[0, row.ids.size - 1 :]
        assert ids.tolist() == np.asarray(scores).argmax(axis=-1).tolist()


@pytest.mark.parametrize(("top_k", "top_p"), [(0, 1.0), (20, 1.0), (40, 0.7)])
def test_draws_have_the_full_forward_passs_distribution(top_k: int, top_p: float) -> None:
    """Each draw falls on a stretch of [0, 1) as long as its probability given all before it; those are uniform."""
    settings = Settings(tokens=3, temperature=0.6, top_k=top_k, top_p=top_p, seed=5)
    prompt = GREEDY[0, :6]
    rows = [Row(prompt, 0, sample) for sample in range(1024)]
    drawn = continued(engine(), rows, settings)
    whole = np.concatenate([np.broadcast_to(prompt, (len(rows), prompt.size)), drawn], axis=1)
    scores = np.asarray(logits(CONFIG, PARAMS, jnp.asarray(whole[:, :-1])), np.float64)[:, prompt.size - 1 :]
    for position in range(settings.tokens):
        expected = shares(scores[:, position], 0.6, top_k, top_p)
        assert uniformity(expected, drawn[:, position]) < 43.8  # 19 degrees of freedom: one in a thousand is above
        if top_p == 1:
            wrong = shares(scores[:, position], 0.9, top_k)
            assert uniformity(wrong, drawn[:, position]) > 60, "the test would not notice another temperature"


def test_seed_number_and_sample_make_other_draws() -> None:
    row = prompts(5)[0]
    settings = Settings(tokens=12, temperature=1.0, top_p=1.0)
    first = continued(engine(), [row], settings)
    for other, seed in ((row, 43), (row._replace(number=1), 42), (row._replace(sample=1), 42)):
        assert continued(engine(), [other], Settings(12, 1.0, 1.0, seed=seed)).tolist() != first.tolist()
    assert continued(engine(), [row], settings).tolist() == first.tolist()


def test_rows_that_end_do_not_stop_the_others() -> None:
    rows = prompts(5, 9, 12)
    settings = Settings(tokens=20, temperature=0.0)
    free = continued(engine(), rows, settings)
    separator = int(free[1, 4])  # so that this row ends there, and the others where they had it
    ended = continued(engine(separator_id=separator), rows, settings)
    for one, other in zip(free, ended, strict=True):
        last = np.flatnonzero(one == separator)[:1]
        size = int(last[0]) + 1 if last.size else one.size
        assert other[:size].tolist() == one[:size].tolist()
        assert set(other[size:].tolist()) <= {separator}


def test_bfloat16_is_close() -> None:
    rows = [Row(ids[:8], 0, 0) for ids in GREEDY]
    found = continued(engine(jnp.bfloat16), rows, Settings(tokens=1, temperature=0.0))
    scores = np.asarray(logits(CONFIG, PARAMS, jnp.asarray(GREEDY[:, :8])))[:, -1]
    for token, of_row in zip(found[:, 0], scores, strict=True):
        assert of_row.max() - of_row[token] < 0.05 * of_row.std()


def test_one_compilation_for_each_bucket(caplog: pytest.LogCaptureFixture) -> None:
    model = engine()
    jax.clear_caches()  # type: ignore[no-untyped-call]
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        for sizes in ((5, 40, 1), (3, 4, 5, 6), (33, 39, 12)):  # four rows of 96 slots, each time
            for settings in (Settings(20, 0.0), Settings(3, 0.9, 0.5, top_k=3, seed=1)):
                continued(model, prompts(*sizes), settings)
    messages = [record.getMessage() for record in caplog.records]
    for name in ("read", "write"):
        assert sum(f"Compiling jit({name})" in message for message in messages) == 1
