import pytest

from schemas.errors import CodemillError
from tokenization.special_tokens import check_specials


def test_names_like_those_of_models_are_taken() -> None:
    check_specials(("<|fim_prefix|>", "<fim-middle>", "\U0001f389"), {"a", "<|endoftext|>"})


@pytest.mark.parametrize(
    ("specials", "words"),
    [
        (("<a>", ""), "'' is empty"),
        (("a b",), "holds white space"),
        (("\t",), "holds white space"),
        (("\u2581a",), "holds white space"),
        (("<a>", "<b>", "<a>"), "'<a>' is a token already"),
        (("<|endoftext|>",), "is a token already"),
    ],
)
def test_other_names_are_refused(specials: tuple[str, ...], words: str) -> None:
    with pytest.raises(CodemillError, match=words):
        check_specials(specials, {"<|endoftext|>"})
