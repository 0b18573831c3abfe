import pytest

from codemill.metadata.front_matter import size_category


@pytest.mark.parametrize(
    ("documents", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (34_153, "10K<n<100K"),
        (10**6, "1M<n<10M"),
        (10**12 - 1, "100B<n<1T"),
        (10**12, "n>1T"),
    ],
)
def test_size_categories(documents: int, category: str) -> None:
    assert size_category(documents) == category
