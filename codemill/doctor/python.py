"""Python and the installed libraries, against what codemill's own package declares."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from codemill.doctor.finding import Finding, broken, note, ok

_TRAINER = "trainer"


def python_version(version: Sequence[int] = sys.version_info[:3], declared: str | None = None) -> Iterator[Finding]:
    """Whether this Python is one that codemill declares."""
    bounds = declared if declared is not None else metadata.metadata("codemill")["Requires-Python"]
    told = ".".join(map(str, version))
    if SpecifierSet(bounds).contains(told, prereleases=True):
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
    for requirement in map(Requirement, requirements):
        trains = requirement.marker is not None and requirement.marker.evaluate({"extra": _TRAINER})
        if requirement.marker is not None and not (trains or requirement.marker.evaluate({"extra": ""})):
            continue
        name, bounds = requirement.name, str(requirement.specifier)
        version = version_of(name)
        if version is None and trains:
            absent.append(name)
        elif version is None:
            yield broken("libraries", f"{name} is not installed", f"pip install '{name}{bounds}'")
        elif not requirement.specifier.contains(version, prereleases=True):
            yield broken("libraries", f"{name} {version}, where {bounds} is needed", f"pip install '{name}{bounds}'")
        else:
            counted += 1
    yield ok("libraries", f"{counted} are there in versions that will do")
    if absent:
        what = f"not installed: {', '.join(absent)}; builds do without, training does not"
        yield note("training", what, f"pip install 'codemill[{_TRAINER}]'")


def installed_version(name: str) -> str | None:
    """The version of an installed distribution; None if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
