from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.tables import read_table, write_table
from schemas.errors import CheckFailed
from storage.errors import MissingFile


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = pa.table({"name": ["a", "b"], "size": [1, 2]})
    write_table(str(tmp_path / "a.parquet"), table)
    assert read_table(str(tmp_path / "a.parquet")).equals(table)
    assert read_table(str(tmp_path / "a.parquet"), ["size"]).column_names == ["size"]


@pytest.mark.parametrize("content", [b"", b"x", b"words and no table" * 9])
def test_a_damaged_table_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(CheckFailed, match=r"a\.parquet: is damaged.*codemill verify"):
        read_table(str(path))


def test_a_missing_table_is_missing_and_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_table(str(tmp_path / "a.parquet"))
