import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.markup import visible_characters, xml_declaration

PIECES = st.sampled_from(
    [
        "<",
        ">",
        "<!--",
        "-->",
        "--",
        "<script>",
        "</script>",
        "<STYLE a='b'>",
        "</style",
        "<scripts>",
        "</p>",
        " ",
        "\n",
        "word",
        "é",
        "日本",
        "-",
        "/",
        "!",
        "y" * 65,
    ]
)


def plain(text: str) -> int:
    """The definition of visible text on decoded characters."""
    visible = place = 0
    while place < len(text):
        tag = text.find("<", place)
        tag = len(text) if tag < 0 else tag
        visible += len(text[place:tag].strip("".join(map(chr, range(33)))))
        if tag == len(text):
            break
        if text.startswith("<!--", tag):
            end = text.find("-->", tag + 4)
            place = len(text) if end < 0 else end + 3
            continue
        end = text.find(">", tag + 1)
        place = len(text) if end < 0 else end + 1
        opened = re.match(r"<(script|style)(?=[>/\x00-\x20]|$)", text[tag:], re.IGNORECASE)
        if opened:
            closing = re.compile(rf"</{opened.group(1)}(?=[>/\x00-\x20]|$)", re.IGNORECASE).search(text, place)
            place = closing.start() if closing else len(text)
    return visible


def visible(text: str, markup: bool = True) -> int:
    counts = visible_characters(Texts.from_list([text.encode()]), np.array([markup]), np.array([len(text)]))
    return int(counts[0])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_equals_the_plain_reading(text: str) -> None:
    assert visible(text) == plain(text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<p>one</p>\n<p> two </p>", 6),
        ("<script>var a = '<b>';</script>x", 1),
        ("<!-- <p>no</p> -->yes", 3),
        ("no tags", 7),
        ("<unclosed", 0),
        ("", 0),
    ],
)
def test_what_is_seen(text: str, seen: int) -> None:
    assert visible(text) == seen


def test_other_languages_are_seen_whole() -> None:
    assert visible("a < b > c", markup=False) == 9


def test_xml_is_told_by_its_declaration() -> None:
    texts = Texts.from_list([b'<?xml version="1.0"?>', b"\n <?XML ?>", b" " * 100 + b"<?xml", b"<html>", b""])
    assert xml_declaration(texts).tolist() == [1, 1, 0, 0, 0]
