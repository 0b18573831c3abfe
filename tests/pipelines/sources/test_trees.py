from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.sources.trees import find_tree_files, split_name, tree_roots
from pipelines.sources.unit import InputFile
from schemas.errors import CodemillError
from tests.pipelines.sources.reading import tree, write_files


def names(root: Path, pattern: str, repositories: str) -> list[tuple[str, str]]:
    """(repository, path) of every file found."""
    config = tree(root / pattern if pattern else root, repositories=repositories)
    roots = tree_roots(config)
    return [split_name(InputFile(uri, *entry), roots) for uri, entry in find_tree_files(config)]


@pytest.mark.parametrize(
    ("pattern", "repositories", "expected"),
    [
        ("d", "children", [("a", "f"), ("a", "s/g"), ("b", "h"), (".", "loose")]),
        ("d/", "children", [("a", "f"), ("a", "s/g"), ("b", "h"), (".", "loose")]),
        ("d", "root", [("d", "a/f"), ("d", "a/s/g"), ("d", "b/h"), ("d", "loose")]),
        ("d/a", "root", [("a", "f"), ("a", "s/g")]),
        ("d/*", "root", [("a", "f"), ("a", "s/g"), ("b", "h")]),
        ("d/[b-z]", "root", [("b", "h")]),
        ("*", "children", [("d/a", "f"), ("d/a", "s/g"), ("d/b", "h"), (".", "d/loose")]),
        ("d/a/*", "root", [("s", "g")]),
        ("*/a", "root", [("d/a", "f"), ("d/a", "s/g")]),
    ],
)
def test_repositories(tmp_path: Path, pattern: str, repositories: str, expected: list[tuple[str, str]]) -> None:
    write_files(tmp_path, {"d/a/f": "", "d/a/s/g": "", "d/b/h": "", "d/loose": ""})
    assert names(tmp_path, pattern, repositories) == expected


def test_version_control_is_no_part_of_a_tree(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/.git/config": "", "a/x/.hg/s": "", "a/.github/w.yml": "", "a/git": ""})
    assert names(tmp_path, "", "children") == [("a", ".github/w.yml"), ("a", "git")]


def test_links_are_not_followed(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/f": "", "out/g": ""})
    (tmp_path / "a" / "link").symlink_to(tmp_path / "out" / "g")
    (tmp_path / "a" / "folder").symlink_to(tmp_path / "out")
    (tmp_path / "a" / "circle").symlink_to(tmp_path)
    assert names(tmp_path, "a", "root") == [("a", "f")]


def test_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"here/a/f": ""})
    monkeypatch.chdir(tmp_path / "here")
    for repositories, expected in (("children", ("a", "f")), ("root", ("here", "a/f"))):
        config = tree(".", repositories=repositories)
        ((uri, entry),) = find_tree_files(config)
        assert split_name(InputFile(uri, *entry), tree_roots(config)) == expected


def test_errors(tmp_path: Path) -> None:
    write_files(tmp_path, {"x/a/f": "", "y/a/f": ""})
    with pytest.raises(CodemillError, match="no directory with files there; check the path"):
        names(tmp_path, "nope", "children")
    with pytest.raises(CodemillError, match=r"\*\* does not say which directory is a repository"):
        names(tmp_path, "**", "root")
    with pytest.raises(CodemillError, match="cannot list: a part of the path is a file"):
        names(tmp_path, "x/a/f", "children")
    config = tree(tmp_path / "x", tmp_path / "y")
    with pytest.raises(CodemillError, match="have the same name 'a/f' within this source"):
        find_tree_files(config)
