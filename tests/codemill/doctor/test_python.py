from codemill.doctor.finding import Status
from codemill.doctor.python import dependencies, python_version

DECLARED = ["numpy>=2.1", "apache-beam[gcp]<3,>=2.77", 'jax>=0.10; extra == "trainer"', 'ruff>=9; extra == "test"']
THERE = {"numpy": "2.4.6", "apache-beam": "2.77.0", "jax": "0.10.2"}


def test_this_python_and_these_libraries_will_do() -> None:
    found = [*python_version(), *dependencies()]
    assert {each.status for each in found} <= {Status.OK, Status.NOTE}
    assert any(each.check == "libraries" and int(each.what.split()[0]) > 25 for each in found)


def test_another_python_is_broken() -> None:
    (found,) = python_version((3, 10, 1), ">=3.11,<3.14")
    assert found.status is Status.BROKEN and "3.10.1" in found.what


def test_a_library_that_is_missing_or_old_is_broken() -> None:
    (missing, _) = dependencies(DECLARED, {**THERE, "numpy": None}.get)
    assert (missing.status, missing.remedy) == (Status.BROKEN, "pip install 'numpy>=2.1'")
    (old, _) = dependencies(DECLARED, {**THERE, "apache-beam": "2.60"}.get)
    assert old.status is Status.BROKEN and "apache-beam 2.60" in old.what


def test_a_missing_extra_is_a_note() -> None:
    *_, found = dependencies(DECLARED, {**THERE, "jax": None}.get)
    assert found.status is Status.NOTE and "jax" in found.what and "codemill[trainer]" in found.remedy
