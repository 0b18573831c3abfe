import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import CodemillError
from schemas.yaml_text import find, parse


def error_of(text: bytes) -> str:
    with pytest.raises(CodemillError) as caught:
        parse("a.yaml", text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: 1\nb: [1\nc: 2\n", "line 3, column 2: not valid YAML"),
        (b"a:\n\tb: 1\n", "line 2, column 1: not valid YAML: the line begins with a tab; indent it with spaces"),
        (b"a: 1\nb: 2\na: 3\n", "line 3, column 1: key 'a' is written twice"),
        (b"a: 1\n? [b]\n: 2\n", "line 2, column 3: not valid YAML: a key must be one word or number"),
        (b"a: 2001-99-99\n", "line 1, column 4: not valid YAML: month must be in 1..12"),
        (b"a: " + b"9" * 5000, "line 1, column 4: not valid YAML"),
        (b"a: *b\n", "line 1, column 4: not valid YAML: found undefined alias"),
        (b"\x00\x01", "is no text"),
        (b"\xff\xfe\x00", "is no text"),
        (b"a: caf\xe9", "is no text"),
        (b"a: " + b"[" * 5000, "is nested too deeply"),
    ],
)
def test_trouble_has_its_line_and_a_remedy(text: bytes, words: str) -> None:
    assert words in error_of(text)
    assert "; " in error_of(text)


@given(st.binary(max_size=60))
def test_whatever_the_bytes_are_only_our_error_comes(text: bytes) -> None:
    try:
        parse("a.yaml", text)
    except CodemillError as error:
        assert error.message.startswith("a.yaml") and error.remedy and "\n" not in str(error)


Tree = st.recursive(
    st.integers(),
    lambda below: st.lists(below, min_size=1) | st.dictionaries(st.text("abc", min_size=1), below),
    max_leaves=9,
)


@given(Tree)
def test_each_value_is_found_at_the_line_on_which_it_is_written(tree: object) -> None:
    text = yaml.safe_dump({"root": tree}, default_flow_style=False)
    _, root = parse("a.yaml", text.encode())

    def look(value: object, place: list[str | int]) -> None:
        found, line = find(root, place)
        assert found == list(map(str, place)) and line is not None
        if isinstance(place[-1], str):
            assert text.splitlines()[line - 1].lstrip("- ").startswith(f"{place[-1]}:")
        entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for part, entry in entries:
            look(entry, [*place, part])

    look(tree, ["root"])


def test_names_of_unions_arms_are_left_out_and_missing_keys_told() -> None:
    _, root = parse("a.yaml", b"sources:\n  code:\n    kind: directory\n")
    assert find(root, ["sources", "code", "directory", "kind"]) == (["sources", "code", "kind"], 3)
    assert find(root, ["sources", "code", "directory", "paths"], missing=True) == (["sources", "code", "paths"], 2)
