from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from codemill.explain.texts import _first_places, find_texts, search_texts
from schemas.manifest import load_manifest
from tests.corpus import python_text

texts = st.lists(st.none() | st.text(st.sampled_from("ab\n"), max_size=9).map(str.encode), max_size=8)


@given(texts, st.text(st.sampled_from("ab\n"), min_size=1, max_size=3).map(str.encode), st.integers(0, 3))
def test_the_first_place_in_each_text_is_found(documents: list[bytes | None], wanted: bytes, skipped: int) -> None:
    column = pa.array(documents, pa.large_binary())[skipped:]
    expected = [
        (row, text[: text.index(wanted)].count(b"\n") + 1, text.index(wanted))
        for row, text in enumerate(documents[skipped:])
        if text is not None and wanted in text
    ]
    assert list(_first_places(column, re.compile(re.escape(wanted)))) == expected


def test_blocks_hold_every_text_and_those_of_other_configs_do_not_count(built: Path, tmp_path: Path) -> None:
    manifest = load_manifest(str(built))
    work = str(built) + ".work"
    blocks, fingerprints = find_texts(str(built), manifest, work)
    assert [holding.block for holding in blocks] == list(range(len(manifest.tables))) and fingerprints == []
    other = tmp_path / "other.work"
    shutil.copytree(work, other)
    for number, block in enumerate(sorted(other.glob("harvest-*/blocks/*.parquet"))):
        if number % 2:
            block.unlink()
    some, rest = find_texts(str(built), manifest, str(other))
    assert sorted(h.block for h in [*some, *rest]) == list(range(len(manifest.tables))) and some and rest
    shutil.copytree(work, tmp_path / "alien.work")
    (alien, *_) = sorted((tmp_path / "alien.work").glob("harvest-*/blocks/*.parquet"))
    shutil.copy(sorted((tmp_path / "alien.work").glob("harvest-*/blocks/*.parquet"))[-1], alien)
    assert len(find_texts(str(built), manifest, str(tmp_path / "alien.work"))[0]) == len(manifest.tables) - 1


def test_both_kinds_of_file_give_the_same_kept_documents(built: Path, tmp_path: Path) -> None:
    manifest = load_manifest(str(built))
    wanted = python_text(7).splitlines()[3].encode()
    everything = search_texts(*find_texts(str(built), manifest, str(built) + ".work"), wanted)
    kept = search_texts(*find_texts(str(built), manifest, str(tmp_path / "gone.work")), wanted)
    assert kept.found == everything.found and len(kept.found) == 1 and kept.found[0].line == 4
    assert everything.texts > kept.texts > 100 and kept.blocks == 0
