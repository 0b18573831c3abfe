from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from codemill.diff.documents import Documents, compare_documents
from codemill.diff.side import read_side
from schemas.documents import document_id
from schemas.manifest import load_manifest
from tests.codemill.diff.made import Made, write_snapshot

FATES = ["kept", "near_duplicate", "filtered:a", "filtered:b"]
documents = st.lists(
    st.builds(
        Made,
        path=st.sampled_from(["a.py", "b/a.py", "c.py", "d.py", "é.py"]),
        text=st.sampled_from("xyz"),
        outcome=st.sampled_from(FATES),
        source=st.sampled_from(["one", "two"]),
        repository=st.sampled_from(["r", "s"]),
        revision=st.sampled_from(["", "1"]),
        split=st.sampled_from(["train", "validation-python"]),
        language=st.just("python"),
        tokens=st.just(10),
    ),
    max_size=14,
)


def compared(root: Path, a: list[Made], b: list[Made], limit: int = 10) -> Documents:
    one, other = write_snapshot(root / "a", a), write_snapshot(root / "b", b)
    return compare_documents(read_side(one, load_manifest(one)), read_side(other, load_manifest(other)), limit)


def fate(document: Made) -> str:
    held_out = document.outcome == "kept" and document.split != "train"
    return f"kept:{document.split}" if held_out else document.outcome


def identity(document: Made) -> bytes:
    return document_id(document.source, document.repository, document.path, document.revision)


@given(documents, documents)
@settings(max_examples=60)
def test_every_document_is_counted_once(a: list[Made], b: list[Made]) -> None:
    with tempfile.TemporaryDirectory() as root:
        found = compared(Path(root), a, b)
    assert (found.a, found.b) == (len(a), len(b))
    assert found.unchanged + sum(t.documents for t in found.transitions if t.before) == len(a)
    assert found.unchanged + sum(t.documents for t in found.transitions if t.after) == len(b)
    same = Counter((identity(d), d.text, fate(d)) for d in a) & Counter((identity(d), d.text, fate(d)) for d in b)
    assert found.unchanged >= sum(same.values())
    for source in ("one", "two"):
        moved = [t for t in found.transitions if t.source == source]
        for side, name in ((a, "before"), (b, "after")):
            counted = Counter({f: sum(t.documents for t in moved if getattr(t, name) == f) for f in map(fate, side)})
            held = Counter(fate(d) for d in side if d.source == source)
            assert all(counted[f] <= held[f] for f in counted)


@given(documents, documents)
@settings(max_examples=60)
def test_unique_names_are_compared_as_dicts_would_be(a: list[Made], b: list[Made]) -> None:
    old, new = ({(d.source, d.repository, d.path): d for d in side} for side in (a, b))
    expected: Counter[tuple[str, str | None, str | None, bool]] = Counter()
    unchanged = renewed = 0
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        changed = before is not None and after is not None and before.text != after.text
        if before and after and not changed and fate(before) == fate(after):
            unchanged += 1
        else:
            expected[name[0], before and fate(before), after and fate(after), changed] += 1
        renewed += bool(before and after and before.revision != after.revision)
    with tempfile.TemporaryDirectory() as root:
        found = compared(Path(root), list(old.values()), list(new.values()))
    assert {(t.source, t.before, t.after, t.content_changed): t.documents for t in found.transitions} == expected
    assert (found.unchanged, found.renewed) == (unchanged, renewed)


def test_several_documents_of_one_name_pair_with_what_is_like_them(tmp_path: Path) -> None:
    a = [Made("f.py", "x", "kept"), Made("f.py", "x", "near_duplicate"), Made("f.py", "y", "kept")]
    assert compared(tmp_path, a, a[::-1]).transitions == ()
    changed = compared(tmp_path / "more", a, [Made("f.py", "z", "kept"), *a[:2]])
    (only,) = changed.transitions
    assert (only.before, only.after, only.content_changed, changed.unchanged) == ("kept", "kept", True, 2)


def test_examples_are_the_first_by_id_and_no_more_than_asked_for(tmp_path: Path) -> None:
    added = [Made(f"new/{i}.py", str(i)) for i in range(9)]
    lost = [Made(f"old/{i}.py", str(i)) for i in range(5)]
    found = compared(tmp_path, lost, added, limit=3)
    by_id = [f"one: repo/{d.path}" for d in sorted(added, key=identity)]
    assert [(t.before, t.after, t.documents) for t in found.transitions] == [(None, "kept", 9), ("kept", None, 5)]
    assert list(found.transitions[0].examples) == by_id[:3]
    assert compared(tmp_path / "none", lost, added, limit=0).transitions[0].examples == ()


def test_empty_snapshots_have_no_difference(tmp_path: Path) -> None:
    found = compared(tmp_path, [], [])
    assert found == Documents(0, 0, 0, 0, ())
