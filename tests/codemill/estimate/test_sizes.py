import pytest

from codemill.estimate.sizes import parse_by_source, parse_share, parse_size, show_size
from schemas.errors import CodemillError


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MB", 64_000_000), ("825GiB", 825 << 30), ("1.5 kb", 1500), ("1000", 1000), ("2 TiB", 2 << 40), ("7B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "64 MBit", "0GB", "1e9"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(CodemillError, match="is not a size") as error:
        parse_size(text)
    assert "64MB" in error.value.remedy


@pytest.mark.parametrize(("text", "share"), [("4.5%", 0.045), ("0.045", 0.045), (".5", 0.5), ("100%", 1.0), ("0", 0.0)])
def test_shares(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "101%", "2", "-0.1", "half"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(CodemillError, match="is not a share"):
        parse_share(text)


def test_options_by_source() -> None:
    assert parse_by_source("--size", ["one=1kB", "two=2kB"], ["one", "two"], parse_size) == {"one": 1000, "two": 2000}
    with pytest.raises(CodemillError, match="no source 'three'; its sources are one, two"):
        parse_by_source("--size", ["three=1kB"], ["one", "two"], parse_size)
    with pytest.raises(CodemillError, match="names no source; write --size SOURCE=1kB"):
        parse_by_source("--size", ["1kB"], ["one"], parse_size)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0 kB"), (1234, "1.2 kB"), (5_670_000, "5.67 MB"), (45_600_000_000, "45.6 GB"), (123e15, "123 PB")],
)
def test_shown_sizes(size: float, text: str) -> None:
    assert show_size(size) == text
