from __future__ import annotations

import pytest

from evaluation.sampling.sampler import Sampler
from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import NOWHERE
from evaluation.writer import ModelWriter, seed_of
from schemas.errors import CodemillError
from tests.evaluation.sampling.tiny import CONFIG, tiny_model


def test_the_room_of_a_prompt_is_what_the_sampler_takes() -> None:
    writer = ModelWriter(Sampler(tiny_model(), batch=4))
    prompt = "x = 1\n" * 20
    room = writer.room(prompt)
    assert 0 < room < CONFIG.context_length
    with pytest.raises(CodemillError, match=f"and {room + 1} new ones do not fit"):
        writer.write([prompt], Settings(tokens=room + 1), 1, NOWHERE)
    assert writer.room(prompt * 20) < 0


def test_a_model_is_shown_no_nul() -> None:
    writer = ModelWriter(Sampler(tiny_model(), batch=4))
    settings = Settings(tokens=4, temperature=0.0)
    assert writer.write(["a\0"], settings, 1, NOWHERE) == writer.write(["a\ufffd"], settings, 1, NOWHERE)
    assert writer.room("a\0") == writer.room("a\ufffd")


def test_seeds_follow_from_names() -> None:
    assert seed_of(42, "a/1", 0.2) == seed_of(42, "a/1", 0.2)
    names = [(42, "a/1", 0.2), (43, "a/1", 0.2), (42, "a/2", 0.2), (42, "a/1", 0.6)]
    assert len({seed_of(*name) for name in names}) == len(names)
