import re
from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.repetition import COLUMNS, count_repetition

PIECES = st.sampled_from(["a", "bb", "ccc", " ", " ", "\n", "\n\n", "\t", "word", "longer-than-eight", "é"])
TEXTS = st.lists(PIECES, max_size=80).map("".join)


def plain(text: str) -> list[int]:
    blank = "".join(map(chr, range(33)))
    lines = [line.encode() for line in (line.strip(blank) for line in text.split("\n")) if line]
    repeated = [line for index, line in enumerate(lines) if line in lines[:index]]
    words = [word.encode() for word in re.split(r"[ \t\n\v\f\r]+", text) if word]
    row = [len(lines), len(repeated), sum(map(len, lines)), sum(map(len, repeated)), sum(map(len, words))]
    for n in (2, 3, 4):
        ngrams = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        row.append(max((count * sum(map(len, ngram)) for ngram, count in ngrams.items() if count > 1), default=0))
    for n in (5, 6, 7, 8, 9, 10):
        seen, first, duplicated = set(), 0, 0
        while first + n <= len(words):
            ngram = tuple(words[first : first + n])
            if ngram in seen:
                duplicated += sum(map(len, ngram))
                first += n
            else:
                seen.add(ngram)
                first += 1
        row.append(duplicated)
    return row


@given(st.lists(TEXTS, max_size=4))
@example(["a a a a a a a a a a a a", "", "\n", "x\nx\nx"])
def test_equals_the_plain_counts(documents: list[str]) -> None:
    counts = count_repetition(Texts.from_list([document.encode() for document in documents]))
    assert counts.tolist() == [plain(document) for document in documents]


def test_one_repeated_word_and_no_repetition() -> None:
    same, different = b"word " * 1000, b" ".join(b"%d" % number for number in range(1000))
    counts = [
        dict(zip(COLUMNS, row, strict=True)) for row in count_repetition(Texts.from_list([same, different])).tolist()
    ]
    assert counts[0]["top_2gram_bytes"] == 999 * 8
    assert counts[0]["duplicate_10gram_bytes"] == 99 * 40  # the first run of ten and the last nine are not repetition
    assert counts[1]["duplicate_5gram_bytes"] == counts[1]["top_4gram_bytes"] == 0
