from __future__ import annotations

import os
from pathlib import Path

import pytest

from codemill.initial import data_files, repositories
from codemill.initial.found import Found, Looked
from codemill.initial.kinds import Kind
from codemill.initial.listing import list_folder
from codemill.initial.survey import survey
from tests.codemill.initial.folders import write_github, write_pile, write_repository, write_tree


def look(folder: Path) -> Looked:
    return survey(str(folder), list_folder(str(folder)))


def by_kind(looked: Looked) -> dict[Kind, list[Found]]:
    return {kind: [found for found in looked.found if found.kind is kind] for kind in Kind}


def test_a_folder_of_several_kinds_of_lines_is_taken_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_files, "MOST_PEEKS", 4)
    for number in range(6):
        write_pile(tmp_path)
        os.rename(tmp_path / "00.jsonl", tmp_path / f"{number}.jsonl")
    write_github(tmp_path, ".jsonl")
    os.rename(tmp_path / "export-000.jsonl", tmp_path / "1.jsonl")
    (tmp_path / "5.jsonl").write_text('{"question": 1}')
    looked = look(tmp_path)
    found = by_kind(looked)
    assert [each.paths for each in found[Kind.PILE]] == [tuple(f"{tmp_path}/{n}.jsonl" for n in (0, 2, 3))]
    assert [each.paths for each in found[Kind.JSON]] == [(f"{tmp_path}/1.jsonl",)]
    (left,) = looked.left
    assert '"4.jsonl" and 1 more .jsonl beside it: not looked into' in left


def test_three_files_of_many_are_opened(tmp_path: Path) -> None:
    write_pile(tmp_path)
    for number in range(50):
        os.link(tmp_path / "00.jsonl", tmp_path / f"x{number}.jsonl")
    looked = look(tmp_path)
    assert looked.opened == 3
    assert [(found.files, found.paths) for found in looked.found] == [(51, (f"{tmp_path}/*.jsonl",))]


def test_settings_are_no_data(tmp_path: Path) -> None:
    write_tree(tmp_path)
    (tmp_path / "first" / "package.json").write_text('{"name": "x"}')
    ((found,), _, opened) = (look(tmp_path).found, look(tmp_path).left, look(tmp_path).opened)
    assert found.kind is Kind.TREE and found.languages["json"] == 13 and opened == 1


def test_repositories_at_several_depths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repositories, "MOST_REPOSITORIES", 2)
    for name in ("a.git", "owner/b", "owner/c.git"):
        write_repository(tmp_path / name, {"x.py": b"x = 1\n", "y.md": b"words"}, bare=name.endswith("git"))
    (found,) = look(tmp_path).found
    assert found.paths == (f"{tmp_path}/*", f"{tmp_path}/*/*")
    assert found.files == 3
    assert found.languages == {"python": 18, "markdown": 15}  # of two of the three, and half as much again


def test_repositories_of_one_name_are_two_sources(tmp_path: Path) -> None:
    write_repository(tmp_path / "a.git")
    write_repository(tmp_path / "a", bare=False)
    assert sorted(found.paths for found in look(tmp_path).found) == [(f"{tmp_path}/a",), (f"{tmp_path}/a.git",)]


def test_trees_beside_repositories(tmp_path: Path) -> None:
    write_repository(tmp_path / "x" / "project", bare=False)
    write_tree(tmp_path / "x" / "many")
    write_tree(tmp_path / "y")
    (tmp_path / "y" / "README.md").write_text("words")
    (tmp_path / "x" / "loose.py").write_text("loose = 1\n")
    looked = look(tmp_path)
    trees = {found.repositories: found.paths for found in looked.found if found.kind is Kind.TREE}
    assert trees == {"root": (f"{tmp_path}/y",), "children": (f"{tmp_path}/x/many",)}
    assert any('"x/loose.py"' in line for line in looked.left)


def test_links_are_told(tmp_path: Path) -> None:
    write_tree(tmp_path)
    os.symlink("unit_0.py", tmp_path / "first" / "link.py")
    looked = look(tmp_path)
    assert looked.found[0].files == 80
    assert any("symbolic links to files, 1 of them" in line for line in looked.left)


@pytest.mark.parametrize(("name", "where"), [("README", "root"), ("setup.py", "root"), ("other.py", "children")])
def test_where_repositories_begin(name: str, where: str, tmp_path: Path) -> None:
    write_tree(tmp_path)
    (tmp_path / name).write_text("x")
    assert look(tmp_path).found[0].repositories == where
