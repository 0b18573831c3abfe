from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.records import Records, begin
from schemas.errors import CodemillError


def test_rows_come_back(tmp_path: Path) -> None:
    records = Records(str(tmp_path))
    assert not records.has("own/1")
    rows = [{"completion": "a\u2028\n\u00e4", "error": "\udc80"}, {"completion": ""}]
    records.write("own/1", rows)
    assert records.has("own/1") and records.read("own/1") == rows
    assert [path.name for path in tmp_path.iterdir()] == ["own-1.jsonl"]


def test_the_same_settings_go_on_and_others_are_refused(tmp_path: Path) -> None:
    for _ in range(2):
        begin(str(tmp_path), {"samples": 2, "temperatures": [0.2]})
    with pytest.raises(CodemillError, match=r"an evaluation with samples 2, not 3; name another --output"):
        begin(str(tmp_path), {"samples": 3, "temperatures": [0.2]})
    with pytest.raises(CodemillError, match="with model None, not 'm'"):
        begin(str(tmp_path), {"samples": 2, "temperatures": [0.2], "model": "m"})
