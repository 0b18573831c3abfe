from codemill.initial.kinds import Kind
from codemill.initial.words import count_words, counted, size_words


def test_words() -> None:
    assert [size_words(size) for size in (0, 999, 1000, 12_345_678, 10**12)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "12.3 MB",
        "1.0 TB",
    ]
    assert [count_words(count, Kind.GIT) for count in (1, 2000)] == ["1 repository", "2,000 repositories"]
    assert count_words(1, Kind.TREE) == "1 file"
    assert [counted(count, "core") for count in (0, 1, 2)] == ["0 cores", "1 core", "2 cores"]
