from __future__ import annotations

import fnmatch
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import StorageError
from storage.files import TEMPORARY_PREFIX, delete, write_atomic
from storage.listing import compile_glob, find_files, glob, list_files, split_pattern
from storage.uris import join


def fill(root: str, *names: str) -> None:
    for name in names:
        write_atomic(join(root, name), name.encode())


def test_list_is_sorted_and_complete(root: str) -> None:
    fill(root, "b", "a/z", "a/b/c", "a-b", "é", "B")
    found = list_files(root)
    assert [entry.relative for entry in found] == ["B", "a-b", "a/b/c", "a/z", "b", "é"]
    assert [entry.size for entry in found] == [1, 3, 5, 3, 1, 2]


def test_a_sibling_with_the_same_beginning_is_not_listed(root: str) -> None:
    fill(root, "x/a", "xy/b", "x.txt")
    assert [entry.relative for entry in list_files(join(root, "x"))] == ["a"]


def test_what_does_not_exist_holds_nothing(root: str) -> None:
    assert list_files(join(root, "nope")) == []
    assert glob(join(root, "nope", "*")) == []


def test_depth(root: str) -> None:
    fill(root, "a", "b/c", "b/d/e")
    assert [entry.relative for entry in list_files(root, depth=2)] == ["a", "b/c"]


def test_version_changes_with_the_content(root: str) -> None:
    fill(root, "f")
    before = list_files(root)
    assert list_files(root) == before
    write_atomic(join(root, "f"), b"g")
    after = list_files(root)
    assert after[0].size == before[0].size
    assert after[0].version != before[0].version


def test_unfinished_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}1").write_bytes(b"")
    fill(str(tmp_path), ".hidden")
    assert [entry.relative for entry in list_files(str(tmp_path))] == [".hidden"]


def test_links(tmp_path: Path) -> None:
    fill(str(tmp_path), "d/f")
    (tmp_path / "file-link").symlink_to(tmp_path / "d" / "f")
    (tmp_path / "folder-link").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nope")
    assert [entry.relative for entry in list_files(str(tmp_path))] == ["d/f", "file-link"]
    assert [entry.relative for entry in list_files(str(tmp_path), follow_links=False)] == ["d/f"]


def test_odd_names(tmp_path: Path) -> None:
    (tmp_path / "new\nline").write_bytes(b"")
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9"), "wb"):
        pass
    assert [entry.relative for entry in list_files(str(tmp_path))] == ["caf\udce9", "new\nline"]
    assert len(glob(f"{tmp_path}/*")) == 2


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.gz", ["a.gz", "b.gz"]),
        ("?.gz", ["a.gz", "b.gz"]),
        ("[!a].gz", ["b.gz"]),
        ("d/*", ["d/c.gz", "d/x"]),
        ("**/*.gz", ["a.gz", "b.gz", "d/c.gz", "d/e/f/g.gz"]),
        ("d/**", ["d/c.gz", "d/e/f/g.gz", "d/x"]),
        ("**/e/**/*.gz", ["d/e/f/g.gz"]),
        ("*/*/*/*.gz", ["d/e/f/g.gz"]),
        ("a.gz", ["a.gz"]),
        (".h/*", [".h/k.gz"]),
        ("nope*", []),
    ],
)
def test_glob(root: str, pattern: str, expected: list[str]) -> None:
    fill(root, "a.gz", "b.gz", "d/c.gz", "d/e/f/g.gz", "d/x", ".h/k.gz", ".m.gz")
    assert glob(join(root, pattern)) == [join(root, name) for name in expected]


def test_names_go_from_the_fixed_folders_on(root: str) -> None:
    fill(root, "p/q/a.gz")
    for pattern, name in (
        ("p/q/a.gz", "a.gz"),
        ("p/q/*.gz", "a.gz"),
        ("p/*/a.gz", "q/a.gz"),
        ("**", "p/q/a.gz"),
    ):
        start, entries = find_files(join(root, pattern))
        assert [entry.relative for entry in entries] == [name]
        assert join(start, name) == join(root, "p/q/a.gz")


def test_an_existing_name_is_taken_literally(root: str) -> None:
    fill(root, "[1].txt", "1.txt")
    assert glob(join(root, "[1].txt")) == [join(root, "[1].txt")]
    delete(join(root, "[1].txt"))
    assert glob(join(root, "[1].txt")) == [join(root, "1.txt")]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/b/c.txt", ("a/b", "c.txt")),
        ("a/*/c.txt", ("a", "*/c.txt")),
        ("*.txt", ("", "*.txt")),
        ("/*.txt", ("/", "*.txt")),
        ("c.txt", ("", "c.txt")),
        ("gs://b/x/*.gz", ("gs://b/x", "*.gz")),
        ("gs://b/*.gz", ("gs://b", "*.gz")),
        ("file:///x/*.gz", ("file:///x", "*.gz")),
        ("a/b/", ("a", "b")),
    ],
)
def test_split_pattern(pattern: str, expected: tuple[str, str]) -> None:
    assert split_pattern(pattern) == expected


def test_relative_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill("", "a.gz", "d/b.gz")
    assert glob("*.gz") == ["a.gz"]
    assert glob("**/*.gz") == ["a.gz", "d/b.gz"]
    assert glob("d/b.gz") == ["d/b.gz"]


_NAMES = st.text("ab-[]!^.\\\n", min_size=1, max_size=6)


@given(pattern=st.text("ab-*?[]!^\\", min_size=1, max_size=6), name=_NAMES)
def test_one_component_agrees_with_the_standard_library(pattern: str, name: str) -> None:
    # The standard library has no rule for leading dots and takes two stars for one.
    if name.startswith(".") or pattern == "**" or "--" in pattern:
        return
    assert bool(compile_glob(pattern).fullmatch(name)) == fnmatch.fnmatchcase(name, pattern)


def test_bad_scheme() -> None:
    with pytest.raises(StorageError, match="unknown scheme"):
        glob("s3://b/*")
