from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from buffers.texts import Texts
from evaluation.likelihood import ModelLikelihood, Surprise
from tests.evaluation.sampling.tiny import CONFIG, tiny_model
from trainer.model.decoder import logits

TEXTS = [
    ["# Import libraries.\n\n", "# Print one.\n", "print(1)\n\n", "# Then two.\n"],
    ["x", " = 1\n"],
    ["def f(x):\n", "", "    return x\n"],
    ["a" * 90],
    ["b\n"] * 30,
]


def ids_of(text: str) -> np.ndarray:
    return tiny_model().tokenizer.encode(Texts.from_list([text.encode()])).ids.astype(np.int32)


@pytest.fixture(scope="module")
def found() -> list[list[Surprise]]:
    return ModelLikelihood(tiny_model(), "float32").surprises(TEXTS)


def test_pieces_add_up_to_the_log_likelihood(found: list[list[Surprise]]) -> None:
    texts = [np.concatenate([ids_of(piece) for piece in text]) for text in TEXTS]
    ids = np.array([np.pad(text, (0, 128 - text.size)) for text in texts])
    scores = jax.nn.log_softmax(logits(CONFIG, tiny_model().params, jnp.asarray(ids)))
    for number, text in enumerate(texts):
        expected = -sum(float(scores[number, i, token]) for i, token in enumerate(text[1:]))
        assert sum(piece.tokens for piece in found[number]) == text.size - 1
        assert sum(piece.nats for piece in found[number]) == pytest.approx(expected, rel=1e-4)


def test_the_first_token_is_not_predicted_and_an_empty_piece_has_none(found: list[list[Surprise]]) -> None:
    assert found[1][0] == Surprise(0.0, 0)
    assert found[2][1] == Surprise(0.0, 0)


def test_a_piece_is_measured_after_all_before_it(found: list[list[Surprise]]) -> None:
    (alone,) = ModelLikelihood(tiny_model(), "float32").surprises([TEXTS[0][:2]])
    assert alone[1].tokens == found[0][1].tokens
    assert alone[1].nats == pytest.approx(found[0][1].nats, rel=1e-4)


def test_what_does_not_fit_the_context_does_not_count() -> None:
    short = tiny_model()._replace(config=CONFIG.model_copy(update={"context_length": 40}))
    (pieces,) = ModelLikelihood(short, "float32").surprises([["x\n", "y = 2\n" * 200, "z"]])
    assert sum(piece.tokens for piece in pieces) == 39
    assert pieces[2] == Surprise(0.0, 0)
