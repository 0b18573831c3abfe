from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filtering.languages import EXTENSIONS, FILE_NAMES, language_of
from pipelines.bigquery.github_sql import github_query, path_patterns
from schemas.sources import BigQuerySource

LANGUAGES = sorted({*EXTENSIONS.values(), *FILE_NAMES.values()})


def source(**options: object) -> BigQuerySource:
    given = {"kind": "bigquery", "project": "mine", "temporary": "gs://b/tmp", "languages": ("python", "c")}
    return BigQuerySource.model_validate(given | options)


def takes(languages: tuple[str, ...], path: str) -> bool:
    taken, left = (pattern.replace("$", r"\Z") for pattern in path_patterns(languages))
    return bool(re.search(taken, path)) and not (left and re.search(left, path))


def mixed_case(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted({word, word.upper(), word.lower(), word.title(), word[:1] + word[1:].upper()}))


ENDINGS = st.sampled_from([*EXTENSIONS, "unknown", "", "p", "py\n", "c y"]).flatmap(mixed_case)
NAMES = st.one_of(
    st.builds("{}.{}".format, st.sampled_from(["main", "", "a.b", ".hidden", "x y", "Makefile"]), ENDINGS),
    st.sampled_from([*FILE_NAMES, "readme.md", "Makefile.py", "xmakefile"]).flatmap(mixed_case),
)


@given(
    st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=4, unique=True),
    st.sampled_from(["", "src/", "a.py/", "makefile/"]),
    NAMES,
)
def test_the_patterns_take_what_language_of_says(languages: list[str], folder: str, name: str) -> None:
    path = folder + name
    assert takes(tuple(languages), path) == (language_of(path) in languages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_known_ending_is_matched(language: str) -> None:
    for ending in EXTENSIONS:
        assert takes((language,), f"a/b.{ending}") == (EXTENSIONS[ending] == language)
    for name in FILE_NAMES:
        assert takes((language,), f"a/{name.upper()}") == (FILE_NAMES[name] == language)


def test_a_query_of_ones_own_is_left_alone() -> None:
    assert github_query(source(query="SELECT 1")) == "SELECT 1"


def test_names_are_quoted() -> None:
    query = github_query(source(licenses=("MIT", "it's\\")))
    assert r"IN ('it\'s\\', 'mit')" in query
