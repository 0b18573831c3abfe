from typing import Any

from codemill.explain.passed_over import passed_over
from tests.codemill.diff.made import made_manifest


def reasons(name: str, **sources: dict[str, Any]) -> list[str]:
    return list(passed_over(made_manifest([], [], config={"sources": sources}), name))


PYTHON = {"kind": "directory", "languages": ["python"]}
NATIVE = {"kind": "git", "languages": ["c", "go"]}
PROSE = {"kind": "pile_jsonl", "language": "english"}


def test_a_language_that_no_source_takes_is_told() -> None:
    (only,) = reasons("a/x.json", native=NATIVE, python=PYTHON, prose=PROSE)
    assert only == "every source passes such a file over unread: its name says json, taken are c, go, python"
    assert "its name tells no language" in reasons("a/unknown", python=PYTHON)[0]


def test_sources_that_would_have_taken_it_are_told() -> None:
    assert reasons("a/x.py", native=NATIVE, python=PYTHON) == [
        "source python takes python files, and this was not among them"
    ]
    assert reasons("x.c", one=NATIVE, other=NATIVE) == ["sources one, other take c files, and this was not among them"]


def test_version_control_is_no_part_of_a_tree() -> None:
    assert reasons("a/.git/hook.py", python=PYTHON)[0] == ".git folders are passed over unread"
    assert not any("folders" in reason for reason in reasons("a/.git/hook.c", native=NATIVE))


def test_where_names_decide_nothing_nothing_is_said() -> None:
    assert reasons("a/x.json", prose=PROSE) == []
