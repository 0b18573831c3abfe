from difflib import SequenceMatcher
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from codemill.explain.closest import closest_names, letters_bound
from schemas.documents import REJECT_SCHEMA
from schemas.manifest import load_manifest
from tests.codemill.diff.made import Made, write_snapshot

words = st.text(st.sampled_from("abAB_.09/"), min_size=1, max_size=12)


@given(st.lists(words, max_size=6), words)
def test_the_bound_is_never_below_the_similarity(names: list[str], wanted: str) -> None:
    bounds = letters_bound(Texts.from_list([name.encode() for name in names]), wanted.encode())
    for name, bound in zip(names, bounds, strict=True):
        assert SequenceMatcher(None, name.lower(), wanted.lower(), autojunk=False).ratio() <= bound + 1e-12


def closest(root: Path, name: str, *paths: str) -> list[str]:
    snapshot = write_snapshot(root / "snapshot", [Made(path) for path in paths], rows_per_table=3)
    empty = dict.fromkeys(("stage", "place", "reason", "detail"), "") | {"bytes": 0}
    rejects = [{**empty, "source": "one", "file": "repo/rejected/latin.py"}]
    pq.write_table(pa.Table.from_pylist(rejects, REJECT_SCHEMA), f"{snapshot}/rejects.parquet")
    return closest_names(snapshot, load_manifest(snapshot), name)


def test_the_last_name_and_the_whole_path_count(tmp_path: Path) -> None:
    many = [f"other/deep_{i}/__init__.py" for i in range(30)]
    found = closest(tmp_path, "linalg/__init__.py", *many, "linalgs/__init__.py", "linalg/_linalg.py")
    assert found[0] == "one: repo/linalgs/__init__.py" and len(found) == 3


def test_swapped_letters_and_case_are_close(tmp_path: Path) -> None:
    assert closest(tmp_path, "a/Modlue.py", "a/b.py", "a/module.py", "a/x.py", "c/c.py") == ["one: repo/a/module.py"]


def test_rejected_files_are_names_too(tmp_path: Path) -> None:
    assert closest(tmp_path, "rejected/latni.py", "a/module.py") == ["one: repo/rejected/latin.py"]


def test_nothing_is_close_to_what_is_like_nothing(tmp_path: Path) -> None:
    assert closest(tmp_path, "qqq.cfg", "a/b.py", "a/module.py") == []
    assert closest(tmp_path / "empty", "qqq.cfg") == []
