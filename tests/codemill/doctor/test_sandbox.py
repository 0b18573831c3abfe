import pytest

from codemill.doctor.finding import Status
from codemill.doctor.sandbox import sandbox
from evaluation.sandbox.refusal import cannot_run
from evaluation.sandbox.strength import Layer


def layers(*holds: tuple[str, bool, bool]) -> list[Layer]:
    return [Layer(name, f"what {name} is for", held, needed) for name, held, needed in holds]


def test_all_hold() -> None:
    (found,) = sandbox(lambda: layers(("files", True, True), ("landlock", True, False)))
    assert found.status is Status.OK


def test_one_that_is_needed_does_not() -> None:
    (found,) = sandbox(lambda: layers(("files", True, True), ("network", False, True)))
    assert found.status is Status.WARNING and "network (what network is for)" in found.what and found.remedy


def test_one_that_is_not_needed_does_not() -> None:
    first, second = sandbox(lambda: layers(("files", True, True), ("landlock", False, False)))
    assert (first.status, second.status) == (Status.OK, Status.NOTE)


def test_none_can_be_set_up() -> None:
    def refuse() -> list[Layer]:
        raise cannot_run("unshare: Operation not permitted", 1)

    (found,) = sandbox(refuse)
    assert found.status is Status.WARNING and "user namespaces" in found.remedy


@pytest.mark.slow
def test_this_machine() -> None:
    assert {found.check for found in sandbox()} == {"sandbox"}
