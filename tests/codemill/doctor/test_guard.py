import time
from collections.abc import Iterator

import pytest

from codemill.doctor.finding import Finding, Status, ok
from codemill.doctor.guard import guarded, within
from schemas.errors import CodemillError
from storage.errors import StorageError


@pytest.mark.parametrize(
    ("error", "what", "remedy"),
    [
        (ValueError("oh\nno"), "the check itself failed: ValueError: oh", "report this as a fault"),
        (CodemillError("x: is bad", "mend it"), "x: is bad", "mend it"),
        (StorageError("x: cannot read: gone; check the path"), "x: cannot read: gone", "check the path"),
        (StorageError("gone"), "gone", "gone"),
        (KeyError(), "the check itself failed: KeyError: ", "report this as a fault"),
    ],
)
def test_what_a_check_raises_is_a_finding(error: Exception, what: str, remedy: str) -> None:
    def check() -> Iterator[Finding]:
        yield ok("it", "begins well")
        raise error

    first, second = guarded("it", check)
    assert first.status is Status.OK
    assert second == Finding("it", Status.BROKEN, what, remedy)


def test_a_users_wish_to_end_is_no_finding() -> None:
    def check() -> Iterator[Finding]:
        yield ok("it", "begins well")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(guarded("it", check))


def test_within_a_time() -> None:
    assert within(30, lambda: 7) == 7
    assert within(30, lambda: None) is None
    with pytest.raises(ZeroDivisionError):
        within(30, lambda: 1 // 0)
    with pytest.raises(TimeoutError, match=r"no answer in 0.05 s"):
        within(0.05, lambda: time.sleep(1))
