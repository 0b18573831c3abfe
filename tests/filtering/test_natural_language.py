import pytest

from buffers.texts import Texts
from filtering.natural_language import language_probability

ENGLISH = "The river had risen during the night, and the children could not cross it to go to school. "
GERMAN = "Der Fluss war in der Nacht gestiegen, und die Kinder konnten nicht hinüber, um zur Schule zu gehen. "


@pytest.mark.parametrize(
    ("text", "language", "low", "high"),
    [
        (ENGLISH, "english", 0.8, 1),
        (GERMAN, "german", 0.8, 1),
        (GERMAN, "english", 0, 0.1),
        (GERMAN[:40] + ENGLISH * 100, "english", 0.8, 1),
        (" \n", "english", 0, 0),
        ("def f(x): return x", "python", 1, 1),
    ],
)
def test_probability_of_the_claimed_language(text: str, language: str, low: float, high: float) -> None:
    probability = language_probability(Texts.from_list([text.encode()]), [language])[0]
    assert low <= probability <= high


def test_a_sample_that_cuts_characters_is_read() -> None:
    assert language_probability(Texts.from_list([("日本語の文章です。" * 3000).encode()]), ["japanese"])[0] > 0.8
