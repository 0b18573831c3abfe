import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering import lexical
from filtering.lexical import STYLES, count_lexical

PIECES = st.sampled_from(
    [
        "//",
        "/*",
        "*/",
        "#",
        " #",
        "--",
        "-->",
        "<!--",
        ";",
        "%",
        "\\%",
        "!",
        '"',
        "'",
        "`",
        '"""',
        "'''",
        "\\",
        "\\'",
        "\n",
        " ",
        "\t",
        "a",
        "*",
        "/",
        "<",
        "é",
        "x" * 70,
    ]
)


def plain(document: bytes, language: str) -> list[int]:
    """The flags of a style, byte by byte."""
    style = STYLES.get(language, 0)
    comments = strings = place = 0
    size = len(document)

    def has(flag: int) -> bool:
        return bool(style & flag)

    def line_end(at: int) -> int:
        found = document.find(b"\n", at)
        return size if found < 0 else found

    def behind(closing: bytes, at: int) -> int:
        found = document.find(closing, at)
        return size if found < 0 else found + len(closing)

    def string_end(at: int, closing: bytes, lines: bool) -> int:
        while at < size:
            if document[at : at + 1] == b"\\":
                at += 2
            elif document[at : at + 1] == b"\n" and not lines:
                return at
            elif document.startswith(closing, at):
                return at + len(closing)
            else:
                at += 1
        return size

    while place < size:
        byte = document[place : place + 1]
        before = document[place - 1 : place]
        end, comment = place, True
        if has(lexical.SLASHES) and document.startswith(b"//", place):
            end = line_end(place)
        elif has(lexical.STARS) and document.startswith(b"/*", place):
            end = behind(b"*/", place + 2)
        elif (
            byte == b"#" and (has(lexical.HASH) or (has(lexical.SPACED_HASH) and (place == 0 or before <= b" ")))
        ) or (has(lexical.DASHES) and document.startswith(b"--", place)):
            end = line_end(place)
        elif has(lexical.ARROWS) and document.startswith(b"<!--", place):
            end = behind(b"-->", place + 4)
        elif (
            (has(lexical.SEMICOLON) and byte == b";")
            or (has(lexical.PERCENT) and byte == b"%" and before != b"\\")
            or (has(lexical.EXCLAMATION) and byte == b"!")
        ):
            end = line_end(place)
        elif has(lexical.TRIPLE) and document[place : place + 3] in (b'"""', b"'''"):
            comment = document[:place].rpartition(b"\n")[2].strip(b" \t") == b""
            end = string_end(place + 3, byte * 3, True)
        elif (byte == b'"' and has(lexical.DOUBLE)) or (byte == b"'" and has(lexical.SINGLE)):
            comment, end = False, string_end(place + 1, byte, False)
        elif byte == b"`" and has(lexical.BACKTICK):
            comment, end = False, string_end(place + 1, byte, True)
        elif (
            byte == b"'"
            and has(lexical.CHARACTER)
            and (document[place + 1 : place + 2] == b"\\" or document[place + 2 : place + 3] == b"'")
        ):
            comment, end = False, string_end(place + 1, byte, False)
        end = min(end, size)
        if comment:
            comments += end - place
        else:
            strings += end - place
        place = max(end, place + 1)
    return [comments, strings]


@given(st.lists(PIECES, max_size=60).map("".join), st.sampled_from([*sorted(STYLES), "text"]))
def test_equals_the_plain_scanner(text: str, language: str) -> None:
    document = text.encode()
    assert count_lexical(Texts.from_list([document]), [language]).tolist() == [plain(document, language)]


@pytest.mark.parametrize(
    ("language", "text", "comments", "strings"),
    [
        ("python", "x = 1  # one\n", "# one", ""),
        ("python", 'def f():\n    """Say."""\n    return "a # b"\n', '"""Say."""', '"a # b"'),
        ("python", "x = '''\n# no\n'''\n", "", "'''\n# no\n'''"),
        ("c", 'int a; // b "c"\nchar d = \'"\'; /* e\n f */\n', '// b "c"/* e\n f */', "'\"'"),
        ("rust", "fn f<'a>(x: &'a str) {} // done\n", "// done", ""),
        ("shell", "echo ${#a} $# # count\n", "# count", ""),
        ("go", "s := `a // b`\n", "", "`a // b`"),
        ("javascript", "let a = 'it\\'s'; // b\n", "// b", "'it\\'s'"),
        ("html", "<p>a</p><!-- b\nc -->\n", "<!-- b\nc -->", ""),
        ("sql", "select 'a--b' -- c\n", "-- c", "'a--b'"),
        ("fortran", "x = 1 ! one\n", "! one", ""),
        ("markdown", "# a title // no\n", "", ""),
    ],
)
def test_comments_and_strings_of(language: str, text: str, comments: str, strings: str) -> None:
    counts = count_lexical(Texts.from_list([b"", text.encode()]), [language, language])
    assert counts.tolist() == [[0, 0], [len(comments), len(strings)]]
