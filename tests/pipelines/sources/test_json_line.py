from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.json_line import BadLine, JsonDocument, _parse_carefully, parse_line


@pytest.mark.parametrize(
    ("line", "text", "subset"),
    [
        (b'{"text": "a", "meta": {"pile_set_name": "Github"}}', "a", "Github"),
        (b'{"meta": {"pile_set_name": "Pile-CC", "more": [1]}, "text": "a"}', "a", "Pile-CC"),
        (b'{"text":"a"}\r', "a", ""),
        (b'  {"text":"a"}  ', "a", ""),
        (b'{"text":"a","meta":null}', "a", ""),
        (b'{"text":"a","meta":"words"}', "a", ""),
        (b'{"text":"a","meta":{"pile_set_name":7}}', "a", ""),
        (b'{"text":"a","meta":{"text":"b"}}', "a", ""),
        (b'{"te\\u0078t":"a"}', "a", ""),
        (b'{"text":"\\ud83d\\ude00 \\u2028"}', "\U0001f600 \u2028", ""),
        ('{"text":"a\u2028b\x85"}'.encode(), "a\u2028b\x85", ""),
        (b'{"text":"a","x":"\\ud800"}', "a", ""),
        (b'{"text":"a","x":1e400,"y":123456789012345678901234567890}', "a", ""),
        (b'{"text":"say \\"text\\" twice: \\"text\\""}', 'say "text" twice: "text"', ""),
        (b'{"x":1,"x":2,"text":"a"}', "a", ""),
        (b'{"text":""}', "", ""),
        (b'{"text":"a\\u0000b"}', "a\0b", ""),
    ],
)
def test_good_lines(line: bytes, text: str, subset: str) -> None:
    assert parse_line(line) == JsonDocument(text, subset)


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b'{"text":"a"', "malformed_json", "Expecting"),
        (b'{"text":"a"} {"text":"b"}', "malformed_json", "Extra data"),
        (b'{"text":"a"} x', "malformed_json", "Extra data"),
        (b"{'text':'a'}", "malformed_json", "Expecting property name"),
        (b'{"text":"a","x":NaN}', "malformed_json", "NaN is not JSON"),
        (b'{"text":"a","x":-Infinity}', "malformed_json", "-Infinity is not JSON"),
        (b'{"text":"a","text":"b"}', "malformed_json", "written twice"),
        (b'{"text":"a\tb"}', "malformed_json", "Invalid control character"),
        (b'{"text":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "malformed_json", "nested too deeply"),
        (b'{"text":"a\xff"}', "not_utf8", "byte 0xff at byte 10"),
        (b'{"text":"\xed\xa0\x80"}', "not_utf8", "byte 0xed"),
        ('{"text":"a"}'.encode("utf-16"), "not_utf8", "byte 0xff at byte 0"),
        (b'{"meta":{}}', "missing_text", "no key 'text'"),
        (b'{"text":null}', "missing_text", "'text' is a JSON null"),
        (b'{"text":7}', "missing_text", "'text' is a JSON number"),
        (b'{"text":["a"]}', "missing_text", "'text' is a JSON array"),
        (b'["text"]', "missing_text", "a JSON array, not an object"),
        (b'"text"', "missing_text", "a JSON string, not an object"),
        (b'{"text":"a\\ud800"}', "lone_surrogate", "at character 1"),
        (b'{"text":"\\ud800\\u0041"}', "lone_surrogate", "at character 0"),
        (b'{"text":"\\udc00"}', "lone_surrogate", "at character 0"),
        (b'{"text":"a","meta":{"pile_set_name":"\\ud800"}}', "lone_surrogate", "at character 0"),
    ],
)
def test_bad_lines(line: bytes, reason: str, detail: str) -> None:
    with pytest.raises(BadLine) as caught:
        parse_line(line)
    assert caught.value.reason == reason
    assert detail in caught.value.detail


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {"text": st.text()},
        optional={"meta": st.one_of(_JSON, st.fixed_dictionaries({"pile_set_name": st.text()})), "x": _JSON},
    ),
    st.booleans(),
)
def test_both_parsers_give_the_same(value: dict[str, Any], ascii_only: bool) -> None:
    line = json.dumps(value, ensure_ascii=ascii_only).encode()
    found = parse_line(line)
    assert found == _parse_carefully(line)
    assert found.text == value["text"]
