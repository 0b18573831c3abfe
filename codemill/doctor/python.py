"""Python and the installed libraries, against what codemill's own package declares."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata

from codemill.doctor.finding import Finding, broken, note, ok

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)\s*(?P<extras>\[[^\]]*\])?\s*(?P<bounds>[^;]*?)\s*(;\s*extra == \"(?P<extra>[^\"]+)\")?"
)
_BOUND = re.compile(r"(?P<comparison>>=|<=|==|!=|<|>)\s*(?P<version>[0-9][0-9A-Za-z.]*)")
_TRAINER = "trainer"


def python_version(version: Sequence[int] = sys.version_info[:3], declared: str | None = None) -> Iterator[Finding]:
    """Whether this Python is one that codemill declares."""
    bounds = declared if declared is not None else metadata.metadata("codemill")["Requires-Python"]
    told = ".".join(map(str, version))
    if satisfies(told, bounds):
        yield ok("Python", told)
    else:
        yield broken("Python", f"{told}, where {bounds} is needed", "make the environment with another Python")


def dependencies(
    declared: Iterable[str] | None = None, installed: Callable[[str], str | None] | None = None
) -> Iterator[Finding]:
    """Whether what codemill needs is there in a version that will do; of the extras, what training needs.

    Args:
        declared: requirements as the package states them.
        installed: from a distribution's name to its version, None if it is not there.
    """
    requirements = list(declared if declared is not None else metadata.requires("codemill") or ())
    version_of = installed or installed_version
    counted = 0
    absent: list[str] = []
    for requirement in requirements:
        parts = _REQUIREMENT.fullmatch(requirement.strip())
        if parts is None or parts["extra"] not in (None, _TRAINER):
            continue
        name, bounds = parts["name"], parts["bounds"]
        version = version_of(name)
        if version is None and parts["extra"]:
            absent.append(name)
        elif version is None:
            yield broken("libraries", f"{name} is not installed", f"pip install '{name}{bounds}'")
        elif not satisfies(version, bounds):
            yield broken("libraries", f"{name} {version}, where {bounds} is needed", f"pip install '{name}{bounds}'")
        else:
            counted += 1
    yield ok("libraries", f"{counted} are there in versions that will do")
    if absent:
        what = f"not installed: {', '.join(absent)}; builds do without, training does not"
        yield note("training", what, f"pip install 'codemill[{_TRAINER}]'")


def satisfies(version: str, bounds: str) -> bool:
    """Whether a version lies within bounds such as `>=2.77,<3`; by its leading numbers, which is what is declared."""
    own = _numbers(version)
    for bound in _BOUND.finditer(bounds):
        other = _numbers(bound["version"])
        length = max(len(own), len(other))
        left, right = (list(each) + [0] * (length - len(each)) for each in (own, other))
        holds = {
            ">=": left >= right,
            "<=": left <= right,
            "==": left == right,
            "!=": left != right,
            "<": left < right,
            ">": left > right,
        }
        if not holds[bound["comparison"]]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, leading[0].split("."))) if leading else ()


def installed_version(name: str) -> str | None:
    """The version of an installed distribution; None if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
