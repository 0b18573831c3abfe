import re

from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.line_kinds import COLUMNS, OPENINGS, count_line_kinds

PIECES = st.sampled_from(
    [
        *OPENINGS,
        "imports",
        "print2",
        "pass_",
        "é",
        "\n",
        " ",
        "\t",
        "\r\n",
        "#define",
        "# x",
        "TODO",
        "FIXME",
        "D",
        "X",
        "- ",
        "* ",
        "• ",
        "-",
        "...",
        "…",
        ".",
        "!",
        "”",
        '"',
        "(",
    ]
)


def plain(text: str) -> list[int]:
    blank = "".join(map(chr, range(33)))
    lines = [line for line in (line.strip(blank) for line in text.split("\n")) if line]
    counts = [len(lines)] + [0] * (len(COLUMNS) - 1)
    for line in lines:
        word = re.match(r"[a-z]+(?![A-Za-z0-9_]|[^\x00-\x7f])", line)
        if word and word.group() in OPENINGS:
            counts[OPENINGS[word.group()]] += 1
        counts[6] += bool(re.match("#[a-z]", line))
        counts[7] += "TODO" in line or "FIXME" in line
        counts[8] += bool(re.match("[-*•] ", line))
        counts[9] += line.endswith(("...", "…"))
        counts[10] += line.endswith((".", "!", "?", '"', "'", "”"))
    return counts


@given(st.lists(st.lists(PIECES, max_size=50).map("".join), max_size=3))
def test_equals_the_plain_counts(documents: list[str]) -> None:
    counts = count_line_kinds(Texts.from_list([document.encode() for document in documents]))
    assert counts.tolist() == [plain(document) for document in documents]
