from __future__ import annotations

import os
import shutil
from pathlib import Path

import pygit2
import pytest
from identify.vendor.licenses import LICENSES
from pygit2.enums import FileMode

from pipelines.sources import git as reader
from pipelines.sources import plan
from pipelines.sources.elements import Skipped
from pipelines.sources.git import UNIT_FILES
from schemas.errors import CodemillError
from schemas.reasons import Reject
from schemas.sources import GitSource
from tests.pipelines.sources.reading import read_all, read_units, whole_file_reject

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 12345\n"
MIT = dict(LICENSES)["MIT"].replace("[year] [fullname]", "2020 Jane Roe")
BSD = dict(LICENSES)["BSD-3-Clause"]

Tree = dict[str, bytes | tuple[int, bytes]]


def git(*paths: object, revision: str = "HEAD", max_document_bytes: int = 1 << 20) -> GitSource:
    return GitSource(
        kind="git",
        paths=tuple(map(str, paths)),
        languages=("python",),
        revision=revision,
        max_document_bytes=max_document_bytes,
    )


def commit(repository: pygit2.Repository, files: Tree, tag: str | None = None) -> str:
    """Commit exactly these files: path -> content, or (mode, content or the commit's hex digits)."""
    index = pygit2.Index()
    for path, content in files.items():
        mode, data = content if isinstance(content, tuple) else (int(FileMode.BLOB), content)
        identity = pygit2.Oid(hex=data.decode()) if mode == FileMode.COMMIT else repository.create_blob(data)
        index.add(pygit2.IndexEntry(path, identity, FileMode(mode)))
    who = pygit2.Signature("a", "a@b.c", 0, 0)
    parents = [] if repository.is_empty else [repository.head.target]
    made = repository.create_commit("HEAD", who, who, "m", index.write_tree(repository), parents)
    if tag:
        repository.create_reference(f"refs/tags/{tag}", made)
    return str(made)


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, list[str]]:
    """A bare repository with two commits."""
    repository = pygit2.init_repository(str(tmp_path / "project.git"), bare=True)
    first = commit(repository, {"old.py": b"old = 1\n"}, tag="v1")
    second = commit(
        repository,
        {
            "LICENSE": MIT.encode(),
            "README.md": b"words",
            "src/a.py": b"a = 1\n",
            "src/run.py": (FileMode.BLOB_EXECUTABLE, b"run = 1\n"),
            "src/link.py": (FileMode.LINK, b"a.py"),
            "src/data.py": POINTER,
            "third_party/lib/COPYING": BSD.encode(),
            "third_party/lib/b.py": b"b = 1\n",
            "third_party/module": (FileMode.COMMIT, b"12" * 20),
            "z/latin.py": b"name = '\xe9'\n",
            "z/big.py": b"x" * 2_000_000,
        },
    )
    return tmp_path / "project.git", [first, second]


def test_documents_and_rejects(project: tuple[Path, list[str]]) -> None:
    path, (_, second) = project
    found = read_all(git(path))
    assert {row["path"]: (row["text"], row["license"]) for row in found.documents} == {
        "src/a.py": (b"a = 1\n", "mit"),
        "src/run.py": (b"run = 1\n", "mit"),
        "third_party/lib/b.py": (b"b = 1\n", "bsd-3-clause"),
    }
    assert {row["repository"] for row in found.documents} == {"project"}
    assert {row["revision"] for row in found.documents} == {second}
    assert sorted(found.reasons) == [
        ("src/data.py", "lfs_pointer"),
        ("src/link.py", "symbolic_link"),
        ("third_party/module", "submodule"),
        ("z/big.py", "too_large"),
        ("z/latin.py", "not_utf8"),
    ]
    details = {row.place: row.detail for row in found.rejects}
    assert details["src/link.py"] == "to a.py"
    assert details["third_party/module"] == f"commit {'12' * 20} of another repository"
    assert found.skipped == Skipped(3, len(MIT) + len(BSD) + 5)


def test_revisions(project: tuple[Path, list[str]]) -> None:
    path, (first, _) = project
    for revision in ("v1", first, first[:10], "HEAD~1"):
        found = read_all(git(path, revision=revision))
        assert [(row["path"], row["revision"]) for row in found.documents] == [("old.py", first)]
    reason, detail = whole_file_reject(git(path, revision="v2"))
    assert reason is Reject.MISSING_REVISION and "no commit 'v2'" in detail


def test_what_lies_in_the_work_tree_does_not_matter(project: tuple[Path, list[str]], tmp_path: Path) -> None:
    clone = pygit2.clone_repository(str(project[0]), str(tmp_path / "clone" / "project"))
    assert clone.workdir is not None
    bare = read_all(git(project[0]))
    assert read_all(git(tmp_path / "clone" / "project")) == bare
    (Path(clone.workdir) / "new.py").write_text("new = 1\n")
    shutil.rmtree(Path(clone.workdir) / "src")
    assert read_all(git(tmp_path / "clone" / "project")) == bare


def test_many_repositories(tmp_path: Path) -> None:
    for name in ("a/one.git", "b/two.git", "b/one.git"):
        made = pygit2.init_repository(str(tmp_path / "repos" / name), bare=True)
        commit(made, {"m.py": f"name = '{name}'\n".encode()})
    (tmp_path / "repos" / "b" / "notes").mkdir()
    found = read_all(git(tmp_path / "repos" / "*" / "*"))
    assert [(row["repository"], row["text"]) for row in found.documents] == [
        ("a/one", b"name = 'a/one.git'\n"),
        ("b/one", b"name = 'b/one.git'\n"),
        ("b/two", b"name = 'b/two.git'\n"),
    ]


def test_bad_repositories_are_rejected_by_themselves(project: tuple[Path, list[str]], tmp_path: Path) -> None:
    root = tmp_path / "repos"
    shutil.copytree(project[0], root / "good.git")
    pygit2.init_repository(str(root / "empty.git"), bare=True)
    broken = root / "broken.git"
    shutil.copytree(project[0], broken)
    (tree,) = {pygit2.Repository(str(broken))[project[1][1]].peel(pygit2.Tree).id}
    (broken / "objects" / str(tree)[:2] / str(tree)[2:]).unlink()
    found = read_all(git(root / "*"))
    whole = {row.file: row.reason for row in found.rejects if row.file != "good"}
    assert whole == {"broken": Reject.CORRUPT_FILE, "empty": Reject.MISSING_REVISION}
    assert {row["repository"] for row in found.documents} == {"good"} and len(found.documents) == 3


def test_a_missing_blob_is_rejected_by_itself(project: tuple[Path, list[str]]) -> None:
    path, _ = project
    blob = str(pygit2.hash(b"a = 1\n"))
    (path / "objects" / blob[:2] / blob[2:]).unlink()
    found = read_all(git(path))
    assert ("src/a.py", "unreadable_file") in found.reasons
    assert len(found.documents) == 2


def test_large_trees_are_cut_into_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "UNIT_FILES", 7)
    made = pygit2.init_repository(str(tmp_path / "r.git"), bare=True)
    identity = commit(made, {f"d{i % 3}/m{i}.py": b"n = %d\n" % i for i in range(20)})
    units = plan("s", git(tmp_path / "r.git"))
    assert [(unit.start, unit.end) for unit in units] == [(0, 7), (7, 14), (14, 20)]
    assert {unit.files[0].version for unit in units} == {identity}
    paths = [row["path"] for row in read_units(units, git(tmp_path / "r.git")).documents]
    assert paths == sorted(f"d{i % 3}/m{i}.py" for i in range(20))
    assert UNIT_FILES > 7


def test_a_branch_that_moves_on_changes_nothing_planned(project: tuple[Path, list[str]]) -> None:
    path, _ = project
    config = git(path)
    units = plan("s", config)
    before = read_units(units, config)
    commit(pygit2.Repository(str(path)), {"later.py": b"later = 1\n"})
    assert read_units(units, config) == before


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    made = pygit2.init_repository(str(tmp_path / "r.git"), bare=True)
    blob = made.create_blob(b"x = 1\n")
    raw = b"100644 caf\xe9.py\0" + blob.raw
    tree = made.odb.write(pygit2.enums.ObjectType.TREE, raw)
    who = pygit2.Signature("a", "a@b.c", 0, 0)
    made.create_commit("HEAD", who, who, "m", tree, [])
    (row,) = read_all(git(tmp_path / "r.git")).documents
    assert row["path"] == r"caf\xe9.py"


def test_paths_that_are_no_repositories(tmp_path: Path) -> None:
    with pytest.raises(CodemillError, match="matches no git repository; check the path"):
        plan("s", git(tmp_path / "*"))
    with pytest.raises(CodemillError, match="no such directory; check the path"):
        plan("s", git(tmp_path / "nothing"))
    with pytest.raises(CodemillError, match="read from local disks"):
        plan("s", git("gs://bucket/repo.git"))
    os.makedirs(tmp_path / "plain")
    assert whole_file_reject(git(tmp_path / "plain"))[0] is Reject.CORRUPT_FILE
