import pytest

from codemill.doctor import tools
from codemill.doctor.accelerators import Asked
from codemill.doctor.finding import Status


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        (Asked(0, "", 'openjdk version "17.0.15" 2025-04-15\n'), Status.OK, "17"),
        (Asked(0, "", 'java version "1.8.0_392"\n'), Status.NOTE, "8, too old"),
        (Asked(0, "", "something\n"), Status.NOTE, "does not tell"),
        (Asked(None, "", ""), Status.NOTE, "does not tell"),
    ],
)
def test_java(asked: Asked, status: Status, word: str) -> None:
    (found,) = tools.java(lambda name: f"/bin/{name}", lambda command: asked)
    assert found.status is status and word in found.what


def test_what_is_not_there_is_a_note() -> None:
    found = [next(check(lambda name: None)) for check in (tools.java, tools.docker, tools.gcloud)]
    assert {each.status for each in found} == {Status.NOTE}
    assert all(each.remedy for each in found)


def test_what_is_there() -> None:
    found = [next(check(lambda name: "/bin/true")) for check in (tools.docker, tools.gcloud)]
    assert {each.status for each in found} == {Status.OK}
    assert next(tools.java()).check == "Java"
