import json

import pytest

from codemill.doctor.finding import Finding, broken, note, ok, warning
from codemill.doctor.report import lines, report

ALL = [ok("a", "fine"), note("b", "absent"), warning("c", "odd", "mend it")]


@pytest.mark.parametrize(("findings", "status"), [(ALL, 0), ([*ALL, broken("d", "gone", "bring it")], 1), ([], 0)])
def test_the_status_is_1_where_something_is_broken(findings: list[Finding], status: int) -> None:
    said: list[str] = []
    assert report(findings, said.append, as_json=False) == status
    assert said[-1].endswith(f"{status} broken")
    told: list[str] = []
    assert report(findings, told.append, as_json=True) == status
    answer = json.loads("\n".join(told))
    assert answer["broken"] is bool(status)
    assert [each["check"] for each in answer["checks"]] == [each.check for each in findings]


def test_a_remedy_stands_below() -> None:
    assert lines(warning("c", "odd", "mend it")) == ["warning  c: odd", "         remedy: mend it"]
    assert lines(ok("a", "fine")) == ["ok       a: fine"]


def test_a_name_cannot_do_anything_to_a_terminal() -> None:
    (line,) = lines(ok("source", "a\x1b[31m\nb"))
    assert line == r"ok       source: a\u001b[31m\nb"
