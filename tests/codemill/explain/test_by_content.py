import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemill.explain.answer import explain
from codemill.explain.by_content import _begins
from pipelines.tables import read_table
from schemas.errors import CodemillError
from tests.codemill.diff.made import Made, write_snapshot


def told(snapshot: Path, what: str, limit: int = 20) -> list[str]:
    return list(explain(str(snapshot), what, limit))


def test_kept_and_dropped_documents_of_a_content_are_found(built: Path) -> None:
    rows = [row for table in (built / "documents").iterdir() for row in read_table(str(table)).to_pylist()]
    copy = next(row for row in rows if row["path"] == "copy/exact.py")
    for what in (copy["sha256"].hex(), f"sha256:{copy['sha256'].hex()[:9]}"):
        lines = told(built, what)
        assert any("src/module_0.py: " in line for line in lines) and any("copy/exact.py: " in line for line in lines)
        assert any("exact_duplicate" in line for line in lines)
    (last,) = [line for line in told(built, copy["sha256"].hex(), 1) if line.startswith("...")]
    assert "and 1 more documents" in last


def test_the_beginning_of_several_hashes_is_refused(tmp_path: Path) -> None:
    one, other = alike()
    snapshot = Path(write_snapshot(tmp_path / "s", [Made("a.py", one), Made("b.py", other)]))
    hashes = sorted(hashlib.sha256(text.encode()).hexdigest() for text in (one, other))
    with pytest.raises(CodemillError, match=f"2 contents begin with {hashes[0][:8]}") as raised:
        told(snapshot, f"sha256:{hashes[0][:8]}")
    assert raised.value.remedy == f"name one: {hashes[0]}, {hashes[1]}"
    with pytest.raises(CodemillError, match="no document has a content"):
        told(snapshot, "sha256:" + "0" * 9)


def alike() -> tuple[str, str]:
    """Two texts whose hashes begin with the same 8 digits."""
    seen: dict[str, str] = {}
    for number in range(1 << 20):
        digits = hashlib.sha256(str(number).encode()).hexdigest()[:8]
        if digits in seen:
            return seen[digits], str(number)
        seen[digits] = str(number)
    raise AssertionError


@given(st.binary(min_size=32, max_size=32), st.integers(0, 64), st.sampled_from("0123456789abcdef"))
def test_digits_are_compared_one_by_one(content: bytes, length: int, digit: str) -> None:
    hashes = np.frombuffer(content, np.uint8).reshape(1, 32)
    assert _begins(hashes, content.hex()[:length]).all()
    wanted = content.hex()[:length] + digit
    assert _begins(hashes, wanted[:64]).tolist() == [content.hex().startswith(wanted[:64])]
