import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemill.metadata.words import count, names, share, size


def test_counts() -> None:
    assert (count(1, "documents"), count(1234, "documents"), count(0, "documents")) == (
        "1 document",
        "1,234 documents",
        "0 documents",
    )


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_900, "1.0 MB"),
        (475_000_000, "475 MB"),
        (3 * 10**18, "3000 PB"),
    ],
)
def test_sizes(number: int, told: str) -> None:
    assert size(number) == told


@given(st.floats(min_value=0, max_value=1))
def test_only_nothing_looks_like_nothing_and_only_all_like_all(part: float) -> None:
    assert (share(part) == "0.0 %") == (part == 0)
    assert (share(part) == "100.0 %") == (part == 1)


def test_names_are_on_one_line() -> None:
    assert names(["a\nb", "c"]) == "a\\nb, c"
