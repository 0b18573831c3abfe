"""What the rooms import is declared in pyproject.toml, what is declared is imported, and pinned in constraints.txt."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.test_import_direction import ADAPTERS, ALL_ROOMS, ROOT, imports_of, python_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Rooms that Beam workers import get no extra; the others may offer what an extra brings.
WITH_EXTRAS = {"trainer", "evaluation", "codemill"}
# Files of other rooms that hand something over to an extra, and import it only then.
HAND_OVERS = {"dedup/to_datasketch.py", *ADAPTERS}
# Distributions of the same modules.
SAME = {"tensorflow-cpu": "tensorflow"}
# Needed by what we import, without being imported; pyproject.toml says by what.
BEHIND = {"cramjam", "setuptools"}


def distribution(requirement: str) -> str:
    """The normalised name at the start of a requirement or of a pin."""
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].replace("_", "-").replace(".", "-").lower()


CORE = {distribution(requirement) for requirement in PROJECT["dependencies"]}
OPTIONAL = {distribution(r) for extra in EXTRAS.keys() - {"test"} for r in EXTRAS[extra]}


def imported(room: str) -> dict[str, set[str]]:
    """Distributions that may be meant by each third-party import of a room, by its place."""
    providers = packages_distributions()
    found = {}
    for path in python_files(ROOT, room):
        relative = path.relative_to(ROOT)
        package = ".".join(relative.parts[:-1])
        for module, line in imports_of(path.read_text(encoding="utf-8"), package):
            top = module.split(".")[0]
            if top not in sys.stdlib_module_names and top not in ALL_ROOMS and top != "compression":
                names = {distribution(name) for name in providers.get(top, [])}
                found[f"{relative}:{line}: {module}"] = {SAME.get(name, name) for name in names}
    return found


@pytest.mark.parametrize("room", sorted(ALL_ROOMS))
def test_every_import_is_declared(room: str) -> None:
    declared = CORE | OPTIONAL if room in WITH_EXTRAS else CORE
    undeclared = {place: found for place, found in imported(room).items() if not found & declared}
    handed_over = {
        place for place, found in undeclared.items() if place.split(":")[0] in HAND_OVERS and found & OPTIONAL
    }
    assert undeclared.keys() - handed_over == set()


def test_what_is_declared_is_imported() -> None:
    found = {name for room in ALL_ROOMS for names in imported(room).values() for name in names}
    assert CORE - found == BEHIND
    assert OPTIONAL - found - {distribution(tool) for tool in EXTRAS["docs"]} == set()


def test_every_dependency_is_pinned() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {distribution(line) for line in pins if "==" in line}
    declared = CORE | {distribution(requirement) for extra in EXTRAS.values() for requirement in extra}
    assert declared - pinned == {"codemill"}
