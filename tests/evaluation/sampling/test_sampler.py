from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation.sampling.sampler import Sampler
from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import at_patterns
from schemas.errors import CodemillError
from tests.evaluation.sampling.tiny import CONFIG, PROMPTS, tiny_model

SETTINGS = Settings(tokens=24, temperature=0.8)


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    return Sampler(tiny_model(), batch=8)


def test_a_text_does_not_depend_on_what_else_is_sampled(sampler: Sampler) -> None:
    together = sampler.sample(PROMPTS, SETTINGS, samples=2)
    assert together == Sampler(tiny_model(), batch=4).sample(PROMPTS, SETTINGS, samples=2)
    assert together[:1] == sampler.sample(PROMPTS[:1], SETTINGS, samples=2)
    assert [group[:1] for group in together] == sampler.sample(PROMPTS, SETTINGS)
    assert len({done.text for group in together for done in group}) == 2 * len(PROMPTS)
    assert all(done.tokens == 24 for group in together for done in group if done.ending == "length")


def test_every_seed_draws_texts_of_its_own(sampler: Sampler) -> None:
    seeds = (0, 2**31, 2**32 - 1)
    texts = {sampler.sample(PROMPTS[:1], replace(SETTINGS, seed=seed))[0][0].text for seed in seeds}
    assert len(texts) == len(seeds)


def test_pieces_of_a_stream_are_the_text(sampler: Sampler) -> None:
    (whole,) = sampler.sample(PROMPTS[:1], SETTINGS, samples=3)
    for sample, done in enumerate(whole):
        pieces = list(sampler.stream(PROMPTS[0], SETTINGS, sample))
        assert "".join(pieces) == done.text and len(pieces) > 2 and all(pieces)


def test_a_stop_ends_texts_before_it(sampler: Sampler) -> None:
    free = sampler.sample(PROMPTS, SETTINGS)
    stop = free[0][0].text[5:7]
    stopped = sampler.sample(PROMPTS, SETTINGS, stops=at_patterns(stop))
    assert stopped[0][0].ending == "stop"
    for (one,), (other,) in zip(stopped, free, strict=True):
        assert one.text == other.text.partition(stop)[0]
    assert "".join(sampler.stream(PROMPTS[0], SETTINGS, stops=at_patterns(stop))) == stopped[0][0].text


def test_no_id_without_a_text_is_drawn(sampler: Sampler) -> None:
    """The model has more rows than the tokenizer has ids."""
    assert tiny_model().tokenizer.size < CONFIG.vocabulary_rows
    flat = Settings(tokens=32, temperature=100.0, top_p=1.0)
    (whole,) = sampler.sample(["x"], flat, samples=8)
    assert len({done.text for done in whole}) == 8


def test_what_does_not_fit_is_refused(sampler: Sampler) -> None:
    settings = Settings(tokens=100)
    assert sampler.room(settings) == 60
    with pytest.raises(CodemillError, match="prompt tokens and 100 new ones do not fit a context of 160"):
        sampler.sample(["x y " * 60], settings)


def test_prompts_that_no_tokenizer_takes_are_taken(sampler: Sampler) -> None:
    assert sampler.encode("").tolist() == [tiny_model().tokenizer.separator_id]
    assert sampler.encode("a\0b").tolist() == sampler.encode("a\N{REPLACEMENT CHARACTER}b").tolist()


def test_a_context_can_be_filled_to_the_last_token(sampler: Sampler) -> None:
    ids = sampler.encode("x y " * 100)
    text = tiny_model().tokenizer.decode(ids[:140].astype(np.uint32)).decode()
    settings = Settings(tokens=CONFIG.context_length - sampler.encode(text).size, temperature=0.0)
    ((done,),) = sampler.sample([text], settings)
    assert done.tokens == settings.tokens or done.ending == "separator"


@pytest.mark.parametrize(
    "wrong", [{"tokens": 0}, {"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"top_k": -1}, {"seed": -1}]
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CodemillError):
        Settings(**wrong)  # type: ignore[arg-type]
