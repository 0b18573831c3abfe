from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codemill.initial.patterns import ending_of, escape, globs
from storage.listing import compile_glob, has_wildcard, split_pattern

PARTS = st.text(alphabet="ab[]*?!- '\"\n:", min_size=1, max_size=4).filter(lambda name: not name.startswith("."))
NAMES = st.builds(
    lambda folders, last, ending: "/".join([*folders, last]) + ending,
    st.lists(PARTS, max_size=2),
    PARTS,
    st.sampled_from([".jsonl", ".jsonl.gz", ".parquet"]),
)


def matched(pattern: str, names: set[str], top: str) -> dict[str, str]:
    """Name -> what a source calls it, of the files that a pattern takes, as `storage.listing.find_files` does."""
    root, rest = split_pattern(pattern)
    exists = pattern in {f"{top}/{name}" for name in names}
    literal = pattern if exists or not has_wildcard(pattern) else None
    found = {}
    for name in names:
        path = f"{top}/{name}"
        relative = path[len(root) :].lstrip("/") if root else path
        if literal == path or (literal is None and path.startswith(root) and compile_glob(rest).fullmatch(relative)):
            found[name] = relative
    return found


@given(
    st.text(alphabet="ab[]*?!^-/\\.", min_size=1).filter(lambda path: not path.startswith(".")), st.text("ab[]*?!^-/.")
)
def test_an_escaped_path_matches_itself_alone(path: str, other: str) -> None:
    expression = compile_glob(escape(path))
    assert expression.fullmatch(path)
    assert (expression.fullmatch(other) is not None) == (other == path)


@given(st.sets(NAMES, min_size=1, max_size=8), st.data(), st.sampled_from(["data", "da[t]a", "gs://bucket/d"]))
def test_globs_name_what_was_chosen_and_nothing_else(names: set[str], data: st.DataObject, top: str) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(names)), min_size=1))
    sources = globs(top, sorted(chosen), sorted(names - chosen), [])
    taken = []
    for source in sources:
        found = [matched(pattern, names, top) for pattern in source.paths]
        called = {name: short for each in found for name, short in each.items()}
        assert set(called) == set(source.names)
        assert len(set(called.values())) == len(called), "two files of a source have one name"
        taken += list(called)
    assert sorted(taken) == sorted(chosen)


def test_one_pattern_where_one_will_do() -> None:
    (source,) = globs("data", ["train/0.jsonl.zst", "train/1.jsonl.zst", "val.jsonl.zst"], ["readme.md"], [])
    assert source.paths == ("data/**/*.jsonl.zst",)


def test_a_repository_is_not_reached_into() -> None:
    sources = globs("data", ["a/0.jsonl", "b/1.jsonl"], [], ["b/project"])
    assert [source.paths for source in sources] == [("data/a/*.jsonl", "data/b/*.jsonl")]


def test_endings() -> None:
    assert [ending_of(name) for name in ("a/b.jsonl.zst", "x.gz", "part.01.json", "none")] == [
        ".jsonl.zst",
        ".gz",
        ".json",
        "",
    ]
