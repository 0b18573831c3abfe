import re

from hypothesis import example, given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.words import STOP_WORDS, count_words

PIECES = st.sampled_from(
    [
        "the",
        "The",
        "withe",
        "be",
        "of",
        "and",
        " ",
        "\n",
        "\t",
        "0xFF",
        "deadbeef1,",
        "face",
        "a9;",
        "12",
        "9",
        "...",
        "…",
        "#",
        "....",
        "é",
        "日本語",
        "x" * 21,
        "y" * 70,
        ".",
        "0x",
        "+",
    ]
)


def plain(text: str) -> list[int]:
    words = [word for word in re.split(r"[ \t\n\v\f\r]+", text) if word]
    hexadecimal = [re.fullmatch(r"(?:0[xX](?=.))?([0-9a-fA-F]+)[,;:)]?", word) for word in words]
    return [
        len(words),
        sum(map(len, words)),
        sum(bool(re.search(r"[a-zA-Z]|[^\x00-\x7f]", word)) for word in words),
        sum(len(word) for word in words if len(word) > 20),
        sum(bool(m and len(m[1]) > 1 and re.search("[0-9]", m[1])) for m in hexadecimal),
        sum(word.count("#") + word.count("…") + word.count("...") for word in words),
        len({word.lower() for word in words} & set(STOP_WORDS)),
    ]


@given(st.lists(st.lists(PIECES, max_size=40).map("".join), max_size=3))
@example(["", " ", "a", " a ", "x" * 64 + " " + "y" * 63])
def test_equals_the_plain_counts(documents: list[str]) -> None:
    counts = count_words(Texts.from_list([document.encode() for document in documents]))
    assert counts.tolist() == [plain(document) for document in documents]
