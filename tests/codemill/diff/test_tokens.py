from pathlib import Path

import pytest

from codemill.diff.side import read_side
from codemill.diff.tokens import compare_tokens
from schemas.manifest import load_manifest
from tests.codemill.diff.made import Made, write_snapshot


def test_shares_are_of_train_tokens_and_the_largest_difference_comes_first(tmp_path: Path) -> None:
    held_out = Made("v.py", split="validation-python", tokens=1000)
    a = [Made("a.py", tokens=60), Made("b.c", language="c", tokens=40), held_out, Made("d.py", outcome="filtered:x")]
    b = [Made("a.py", tokens=60), Made("b.c", language="c", tokens=100), Made("e.go", language="go", tokens=40)]
    paths = write_snapshot(tmp_path / "a", a), write_snapshot(tmp_path / "b", b)
    stages, shares = compare_tokens(*(read_side(path, load_manifest(path)) for path in paths))
    assert [(stage.stage, stage.a, stage.b) for stage in stages] == [("stage", 100, 200)]
    assert [(s.language, s.tokens_a, s.tokens_b) for s in shares] == [("python", 60, 60), ("go", 0, 40), ("c", 40, 100)]
    assert [s.points for s in shares] == pytest.approx([-30, 20, 10])
    assert sum(s.points for s in shares) == pytest.approx(0)
