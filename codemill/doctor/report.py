"""What the examination says, for people a line a finding, for programs one JSON object."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterable

from codemill.doctor.finding import Finding, Status

_WIDTH = max(map(len, Status))


def report(findings: Iterable[Finding], say: Callable[[str], None], *, as_json: bool) -> int:
    """Tell each finding as it comes.

    Returns:
        The exit status: 1 where something is broken, else 0.
    """
    counts: Counter[Status] = Counter()
    told = []
    for finding in findings:
        counts[finding.status] += 1
        told.append(dataclasses.asdict(finding))
        if not as_json:
            for line in lines(finding):
                say(line)
    is_broken = counts[Status.BROKEN] > 0
    if as_json:
        say(json.dumps({"broken": is_broken, "checks": told}, indent=2))
    else:
        say(", ".join(f"{counts[status]} {status.value}" for status in Status))
    return int(is_broken)


def lines(finding: Finding) -> list[str]:
    """A finding, and below it what to do about it; control characters of names as escapes."""
    first = f"{finding.status.value:<{_WIDTH}}  {finding.check}: {finding.what}"
    remedy = f"{'':<{_WIDTH}}  remedy: {finding.remedy}"
    return [_printable(line) for line in ([first, remedy] if finding.remedy else [first])]


def _printable(line: str) -> str:
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)
