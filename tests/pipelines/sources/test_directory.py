from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.sources import directory, plan
from pipelines.sources.elements import Skipped
from schemas.errors import CodemillError
from schemas.reasons import Reject
from storage.files import write_atomic
from tests.pipelines.sources.reading import read_all, read_units, tree, write_files
from tests.storage.server import storage_environment

MIT = "Permission is hereby granted, free of charge, to any person ... without restriction"
APACHE = "Apache License Version 2.0"
FILES: dict[str, bytes | str] = {
    "one/a.py": "print(1)\n",
    "one/LICENSE": MIT,
    "one/sub/b.py": "print(2)\n",
    "one/sub/deep/c.h": "int c;\n",
    "one/third_party/x/COPYING": APACHE,
    "one/third_party/x/src/d.py": "print(3)\n",
    "one/README.md": "# one\n",
    "two/e.py": "print(4)\n",
    "two/data.bin": b"\0\1\2",
}


def test_documents(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    outcome = read_all(tree(tmp_path, languages=("python", "c")))
    assert [
        (row["repository"], row["path"], row["license"], row["language"], row["text"]) for row in outcome.documents
    ] == [
        ("one", "a.py", "mit", "python", b"print(1)\n"),
        ("one", "sub/b.py", "mit", "python", b"print(2)\n"),
        ("one", "sub/deep/c.h", "mit", "c", b"int c;\n"),
        ("one", "third_party/x/src/d.py", "apache-2.0", "python", b"print(3)\n"),
        ("two", "e.py", "", "python", b"print(4)\n"),
    ]
    assert outcome.rejects == []
    assert outcome.skipped == Skipped(4, len(MIT) + len(APACHE) + len("# one\n") + 3)


def test_python_packages_by_their_metadata(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "My_Pkg/a.py": "1",
            "my_pkg-2.0.dist-info/METADATA": "Metadata-Version: 2.4\nLicense-Expression: ISC\n\n",
            "other/b.py": "2",
            "other/LICENSE": "words that say nothing",
        },
    )
    documents = read_all(tree(tmp_path)).documents
    assert [(row["path"], row["license"]) for row in documents] == [("a.py", "isc"), ("b.py", "")]


def test_of_two_licences_the_first_by_name_that_is_plain_counts(tmp_path: Path) -> None:
    files = {"r/LICENSE": "see the others", "r/LICENSE-APACHE": APACHE, "r/LICENSE-MIT": MIT, "r/a.py": "1"}
    write_files(tmp_path, dict(files))
    assert read_all(tree(tmp_path)).documents[0]["license"] == "apache-2.0"


HOSTILE_FILES: dict[str, tuple[bytes, str]] = {
    "empty.py": (b"", "empty_document"),
    "mark.py": (b"\xef\xbb\xbf", "empty_document"),
    "nul.py": (b"a = 1\0", "nul_byte"),
    "latin1.py": (b"# caf\xe9", "not_utf8"),
    "utf16.py": ("a = 1".encode("utf-16"), "not_utf8"),
    "surrogate.py": (b"# \xed\xa0\x80", "lone_surrogate"),
    "long.py": (b"x" * 5000, "too_large"),
}


def test_bad_files_are_rejected_alone(tmp_path: Path) -> None:
    write_files(tmp_path, {f"r/{name}": content for name, (content, _) in HOSTILE_FILES.items()})
    write_files(tmp_path, {f"r/good{i}.py": f"print({i})" for i in range(5)})
    outcome = read_all(tree(tmp_path, max_document_bytes=1000))
    assert outcome.texts == [f"print({i})".encode() for i in range(5)]
    assert {row.file: (row.place, row.reason.value, row.bytes) for row in outcome.rejects} == {
        f"r/{name}": ("", reason, len(content)) for name, (content, reason) in HOSTILE_FILES.items()
    }
    assert all(row.detail for row in outcome.rejects)


def test_odd_but_good_files(tmp_path: Path) -> None:
    odd = {"a.py": b"a\r\nb\r\n", "b.py": "x = '\u2028'".encode(), "c.py": b"\xef\xbb\xbfc = 1", "d.py": b"no newline"}
    write_files(tmp_path, {f"r/{name}": content for name, content in odd.items()})
    assert read_all(tree(tmp_path)).texts == [odd["a.py"], odd["b.py"], b"c = 1", odd["d.py"]]


def test_odd_names(tmp_path: Path) -> None:
    write_files(tmp_path, {"r/new\nline.py": "1", "r/ünï.py": "2", "r/ space .py": "3", 'r/"quoted".py': "4"})
    with open(bytes(tmp_path) + b"/r/caf\xe9.py", "wb") as file:
        file.write(b"5")
    with open(bytes(tmp_path) + b"/r/bad\xff.py", "wb") as file:
        file.write(b"\xff")
    outcome = read_all(tree(tmp_path))
    assert {row["path"]: row["text"] for row in outcome.documents} == {
        "new\nline.py": b"1",
        "ünï.py": b"2",
        " space .py": b"3",
        '"quoted".py': b"4",
        "caf\\xe9.py": b"5",
    }
    assert [row.file for row in outcome.rejects] == ["r/bad\\xff.py"]


def test_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"r/a.py": "1", "r/b.py": "2", "r/LICENSE": MIT})
    config = tree(tmp_path)
    units = plan("s", config)
    opened = os.open

    def forbidding(path: str, flags: int) -> int:
        if path.endswith(("a.py", "LICENSE")):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags)

    monkeypatch.setattr("pipelines.sources.directory.os.open", forbidding)  # tests may run as a user that may read all
    outcome = read_units(units, config)
    assert [(row["text"], row["license"]) for row in outcome.documents] == [(b"2", "")]
    assert [(row.file, row.reason, row.detail) for row in outcome.rejects] == [
        ("r/a.py", Reject.UNREADABLE_FILE, "Permission denied")
    ]


def test_special_files_are_passed_over(tmp_path: Path) -> None:
    write_files(tmp_path, {"r/a.py": "1"})
    os.mkfifo(tmp_path / "r" / "pipe.py")
    (tmp_path / "r" / "dangling.py").symlink_to("nowhere")
    assert read_all(tree(tmp_path)).texts == [b"1"]


@pytest.mark.parametrize("limit", ["UNIT_FILES", "UNIT_BYTES"])
def test_units_are_slices_of_the_listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    write_files(tmp_path, FILES)
    config = tree(tmp_path, languages=("python", "c"))
    whole = read_all(config)
    (unit,) = plan("s", config)
    names = [file.relative for file in unit.files[: unit.end]]
    assert names == sorted(FILES)
    monkeypatch.setattr(directory, limit, {"UNIT_FILES": 2, "UNIT_BYTES": 10}[limit])
    units = plan("s", config)
    assert len(units) == 5
    assert [file.relative for unit in units for file in unit.files[: unit.end]] == names
    assert read_units(units, config) == whole
    assert len({unit.identity() for unit in units}) == 5


def test_a_changed_licence_changes_the_units_that_it_speaks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, FILES)
    monkeypatch.setattr(directory, "UNIT_FILES", 7)
    config = tree(tmp_path)
    before = [unit.identity() for unit in plan("s", config)]
    write_atomic(str(tmp_path / "one" / "LICENSE"), APACHE.encode())
    after = [unit.identity() for unit in plan("s", config)]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True]


def test_the_place_of_the_trees_does_not_matter(tmp_path: Path) -> None:
    write_files(tmp_path / "x", FILES)
    write_files(tmp_path / "y" / "z", FILES)
    assert read_all(tree(tmp_path / "x")) == read_all(tree(tmp_path / "y" / "z"))


@pytest.mark.parametrize("change", ["content", "size", "gone"])
def test_a_file_that_changes_after_planning_ends_the_build(tmp_path: Path, change: str) -> None:
    write_files(tmp_path, {"r/a.py": "1"})
    config = tree(tmp_path)
    units = plan("s", config)
    if change == "gone":
        (tmp_path / "r" / "a.py").unlink()
    else:
        write_atomic(str(tmp_path / "r" / "a.py"), b"2" if change == "content" else b"22")
    with pytest.raises(CodemillError, match=r"a.py: has changed since the build began"):
        read_units(units, config)


def test_google_cloud_storage(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with storage_environment() as bucket:
        for name, content in FILES.items():
            write_atomic(f"{bucket}/code/{name}", content.encode() if isinstance(content, str) else content)
        for pattern, repositories in (("", "children"), ("/one", "root"), ("/*", "root")):
            local = read_all(tree(f"{tmp_path}{pattern}", repositories=repositories))
            assert read_all(tree(f"{bucket}/code{pattern}", repositories=repositories)) == local
            assert local.documents
