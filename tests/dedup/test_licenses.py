import pyarrow as pa
import pytest

from dedup.licenses import (
    LICENSE_RANKS,
    PERMISSIVE,
    STRONG_COPYLEFT,
    UNKNOWN,
    WEAK_COPYLEFT,
    license_rank,
    license_ranks,
)


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("mit", PERMISSIVE),
        ("Apache-2.0", PERMISSIVE),
        ("mpl-2.0", WEAK_COPYLEFT),
        ("LGPL-2.1-or-later", WEAK_COPYLEFT),
        ("gpl-3.0-only", STRONG_COPYLEFT),
        ("", UNKNOWN),
        ("proprietary", UNKNOWN),
    ],
)
def test_license_rank(name: str, rank: int) -> None:
    assert license_rank(name) == rank


def test_the_more_permissive_ranks_first() -> None:
    assert PERMISSIVE < WEAK_COPYLEFT < STRONG_COPYLEFT < UNKNOWN
    assert set(LICENSE_RANKS.values()) == {PERMISSIVE, WEAK_COPYLEFT, STRONG_COPYLEFT}
    assert all(name == name.lower() for name in LICENSE_RANKS)


def test_columns_of_any_form() -> None:
    names = ["mit", None, "gpl-2.0", "mit"]
    expected = [PERMISSIVE, UNKNOWN, STRONG_COPYLEFT, PERMISSIVE]
    assert license_ranks(pa.array(names)).tolist() == expected
    assert license_ranks(pa.chunked_array([names[:1], [], names[1:]], pa.string())).tolist() == expected
    assert license_ranks(pa.array([], pa.string())).tolist() == []
