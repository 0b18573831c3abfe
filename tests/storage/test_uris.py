from __future__ import annotations

import pytest

from storage.errors import StorageError
from storage.uris import is_remote, join, local_path, object_path


@pytest.mark.parametrize(
    ("uri", "parts", "expected"),
    [
        ("a", ("b", "c"), "a/b/c"),
        ("a/", ("b",), "a/b"),
        ("/", ("b",), "/b"),
        ("", ("b",), "b"),
        (".", ("b",), "./b"),
        ("gs://k", ("b", "c"), "gs://k/b/c"),
        ("gs://k/x/", ("b",), "gs://k/x/b"),
        ("a", (), "a"),
    ],
)
def test_join(uri: str, parts: tuple[str, ...], expected: str) -> None:
    assert join(uri, *parts) == expected


def test_remote() -> None:
    assert is_remote("gs://b/x")
    assert not is_remote("b/x")
    assert not is_remote("file:///b/x")
    assert not is_remote("a:b/x")
    assert local_path("file:///b/x") == "/b/x"


def test_unknown_scheme() -> None:
    with pytest.raises(StorageError, match=r"s3://b/x: unknown scheme s3://; use a local path or gs://"):
        is_remote("s3://b/x")


@pytest.mark.parametrize("uri", ["gs://", "gs:///x"])
def test_no_bucket(uri: str) -> None:
    with pytest.raises(StorageError, match="names no bucket"):
        object_path(uri)
