import shlex
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codemill.initial.render import quoted, shell_word
from schemas.errors import CodemillError


@given(st.text())
def test_any_text_is_one_scalar_on_one_line(text: str) -> None:
    written = quoted(text)
    assert len(written.splitlines()) == 1
    assert yaml.safe_load(f"a:\n  - {written} # words\n") == {"a": [text]}
    assert yaml.safe_load(f"# {written}\nb: 1\n") == {"b": 1}


def test_a_name_that_is_not_utf8() -> None:
    with pytest.raises(CodemillError, match="not UTF-8"):
        quoted("d\udce9")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_one_word_on_one_line(text: str) -> None:
    written = shell_word(text)
    assert len(written.splitlines()) == 1
    if not written.startswith("$"):
        assert shlex.split(written) == [text]


@pytest.mark.parametrize("text", ["new\nline", "it's\n", "a\\b\t", "\x1b[31m", "\x7fx"])
def test_a_word_with_control_characters_is_read_by_bash(text: str) -> None:
    command = f"printf %s {shell_word(text)}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == text
