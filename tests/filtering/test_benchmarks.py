import random
import re

from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.benchmarks import DISTINCT_WORDS, LETTERS, WORDS, Problem, build_index, find_problems

PROBLEM = Problem(
    "made/1",
    (
        "def tallest_tower(blocks):\n    '''Return the height of the tallest tower of blocks, each narrower than "
        "the one below it.'''\n",
        "    heights = sorted(blocks, key=lambda block: block.width)\n"
        "    return sum(block.height for block in heights)\n",
    ),
)
WORDY = st.lists(st.sampled_from(["a", "be", "see", "deed", "evade", "façade", "(", "\n"]), max_size=80).map(" ".join)


def test_a_leak_is_found_with_its_place() -> None:
    leak = PROBLEM.texts[1].upper().replace("\n", "\r\n\t# ")
    document = b"x = 1\n" * 50 + leak.encode() + b"y = 2\n" * 50
    counts, matches = find_problems(Texts.from_list([b"", document, b"clean text"]), build_index([PROBLEM]))
    assert counts.tolist() == [0, 7, 0]
    (match,) = matches
    assert (match.row, match.problem, match.words) == (1, "made/1", 16)
    assert document[match.start : match.end].decode() == leak.strip("\r\n\t #)").lstrip()


def test_nine_words_in_a_row_are_no_leak() -> None:
    words = re.findall(r"\w+", PROBLEM.texts[0])
    index = build_index([PROBLEM])
    assert find_problems(Texts.from_list([" ".join(words[2 : 2 + WORDS]).encode()]), index)[0].tolist() == [1]
    assert find_problems(Texts.from_list([" ".join(words[2 : 1 + WORDS]).encode()]), index)[0].tolist() == [0]


def test_runs_that_say_nothing_are_not_looked_for() -> None:
    loops, numbers = "for i in range n for j in range n for k in range n", " ".join(map(str, range(100, 110)))
    index = build_index([Problem("loops", (loops,)), Problem("digits", ("1 2 3 4 5 6 7 8 9 10 11 12",))])
    texts = Texts.from_list([loops.encode(), b"1 2 3 4 5 6 7 8 9 10 11 12", numbers.encode()])
    assert find_problems(texts, index)[0].tolist() == [0, 0, 0]


def test_a_run_of_two_problems_counts_for_the_first() -> None:
    index = build_index([PROBLEM, Problem("made/2", PROBLEM.texts)])
    assert {m.problem for m in find_problems(Texts.from_list([PROBLEM.texts[0].encode()]), index)[1]} == {"made/1"}


def test_no_problems_and_no_documents() -> None:
    assert find_problems(Texts.from_list([b"x " * 50]), build_index([]))[0].tolist() == [0]
    counts, matches = find_problems(Texts.from_list([]), build_index([PROBLEM]))
    assert counts.tolist() == [] and matches == []


def test_more_matches_than_were_made_room_for() -> None:
    documents = [PROBLEM.texts[0].encode()] * 1000
    counts, matches = find_problems(Texts.from_list(documents), build_index([PROBLEM]))
    assert len(matches) == 1000
    assert set(counts.tolist()) == {matches[0].words - WORDS + 1}


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def runs_of(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    runs = {tuple(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}
    return {run for run in runs if len(set(run)) >= DISTINCT_WORDS and sum(len(w.encode()) for w in run) >= LETTERS}


@given(st.lists(WORDY, max_size=3), st.lists(WORDY, max_size=3))
def test_equals_the_plain_search(problems: list[str], documents: list[str]) -> None:
    index = build_index([Problem(str(number), (text,)) for number, text in enumerate(problems)])
    # What the problems and documents share by chance is little, so half of each document comes from a problem.
    generator = random.Random(len(documents))
    mixed = [text + " " + " ".join(generator.sample(problems, 1) if problems else []) for text in documents]
    counts, _ = find_problems(Texts.from_list([text.encode() for text in mixed]), index)
    known = set().union(*map(runs_of, problems))
    expected = []
    for text in mixed:
        words = words_of(text)
        expected.append(sum(tuple(words[i : i + WORDS]) in known for i in range(len(words) - WORDS + 1)))
    assert counts.tolist() == expected
