from pathlib import Path

import pytest

from schemas.config import load_config
from schemas.errors import CodemillError
from schemas.plan import load_plan
from tests.codemill.errors.arrange import CONFIG, PLAN


def error_of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "corpus.yaml"
    path.write_text(text)
    with pytest.raises(CodemillError) as caught:
        load_config(str(path))
    return str(caught.value).removeprefix(str(tmp_path) + "/")


def test_the_first_mistake_of_the_file_is_told_and_how_many_more_there_are(tmp_path: Path) -> None:
    text = CONFIG.replace("name: corpus", "name: a b").replace("context_length: 32", "context_length: 0\n  hosts: 0")
    assert error_of(tmp_path, text).startswith("corpus.yaml, line 1: name: must be a name of letters")
    assert "(and 2 more mistakes in this file)" in error_of(tmp_path, text)


def test_a_misspelt_key_is_told_before_the_key_that_is_missing_for_it(tmp_path: Path) -> None:
    said = error_of(tmp_path, CONFIG.replace("sources:\n  github", "sorces:\n  github"))
    assert said.startswith("corpus.yaml, line 2: sorces: unknown key; did you mean 'sources'?")
    assert "(and 1 more mistake in this file)" in said


def test_of_several_forms_the_one_that_was_meant_is_told(tmp_path: Path) -> None:
    rules = "[{name: long, signal: longest_line, below: far}]"
    said = error_of(tmp_path, CONFIG.replace("codegen", rules))
    assert said.startswith("corpus.yaml, line 7: sources.github.filters.0.below: must be a number, not 'far'")
    assert "more" not in said


def test_a_merged_key_is_told_where_it_is_written(tmp_path: Path) -> None:
    text = CONFIG.replace("name: corpus", "name: &a {filters: 5}").replace("    filters: codegen", "    <<: *a")
    assert "line 1: " in error_of(tmp_path, text)


@pytest.mark.parametrize("text", [CONFIG, PLAN])
def test_the_other_kind_of_file_is_recognised(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    load, words = (load_plan, "not a training plan") if text is CONFIG else (load_config, "not a build config")
    with pytest.raises(CodemillError, match=words):
        load(str(path))
