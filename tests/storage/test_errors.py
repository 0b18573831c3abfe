import errno
import pickle

import pytest

from storage.errors import ForbiddenFile, MissingFile, StorageError, explained


@pytest.mark.parametrize("kind", [StorageError, MissingFile, ForbiddenFile])
def test_an_error_keeps_both_halves_on_its_way_between_processes(kind: type[StorageError]) -> None:
    error = pickle.loads(pickle.dumps(kind("a: odd", "look")))
    assert type(error) is kind and (error.message, error.remedy) == ("a: odd", "look")
    assert str(error) == "a: odd; look" and error.args == ("a: odd", "look")
    assert str(kind("a: odd")) == "a: odd"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "x"), "the disk is full; free some space"),
        (OSError(errno.EROFS, "x"), "mounted for reading only"),
        (OSError(errno.ENAMETOOLONG, "x"), "the name is too long"),
        (PermissionError(errno.EPERM, "x"), "permission denied"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "the disk is full"),
        (ValueError("embedded null byte"), "NUL"),
        (OSError("odd\nand more"), "a/b: cannot write: odd; check the disk"),
    ],
)
def test_what_the_system_says_becomes_trouble_and_remedy(error: Exception, words: str) -> None:
    told = explained("a/b", "write", error)
    assert words in str(told) and told.remedy and "\n" not in str(told)
