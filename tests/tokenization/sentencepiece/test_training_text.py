from hypothesis import given
from hypothesis import strategies as st

from tokenization.sentencepiece.training_text import SENTENCE_BYTES, sentences

BORDERS = "\n\r\t\0\u2581\u2585"
texts = st.text(st.sampled_from("ab é漢" + BORDERS), max_size=80)


def cut(text: str) -> list[str]:
    return list(sentences([text.encode()]))


@given(texts, st.integers(1, 300))
def test_nothing_but_borders_is_lost_and_no_sentence_is_skipped(text: str, times: int) -> None:
    found = cut(text * times)
    assert "".join(found) == "".join(c for c in text * times if c not in BORDERS)
    assert all(0 < len(sentence.encode()) <= SENTENCE_BYTES for sentence in found)
    assert not any(border in sentence for sentence in found for border in BORDERS)


def test_long_lines_are_cut_before_spaces() -> None:
    found = cut("word " * 2000)
    assert len(found) > 5 and all(sentence.startswith(" word") for sentence in found[1:])


def test_a_long_word_is_cut_all_the_same() -> None:
    assert cut("漢" * 5000) == ["漢" * 1024] * 4 + ["漢" * 904]


def test_documents_stay_apart() -> None:
    assert list(sentences([b"a\nb", b"c"])) == ["a", "b", "c"]
