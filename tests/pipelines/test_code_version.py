import ast
import importlib.util
from pathlib import Path

import pytest

from pipelines.code_version import ROOMS, code_hash
from tests.test_import_direction import ROOT, python_files


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "miller"
    (folder / "inner").mkdir(parents=True)
    for name in ("__init__.py", "one.py", "inner/__init__.py", "inner/two.py"):
        (folder / name).write_text(f"# {name}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def hash_now(*names: str) -> str:
    code_hash.cache_clear()
    return code_hash(*names)


@pytest.mark.parametrize("name", ["one.py", "inner/two.py", "rules.yaml", "classes.txt"])
def test_a_package_changes_with_each_of_its_sources(package: Path, name: str) -> None:
    before = hash_now("miller")
    (package / name).write_text("x = 1\n")
    assert hash_now("miller") != before


def test_what_is_no_source_and_what_is_not_named_do_not_count(package: Path) -> None:
    before = hash_now("miller"), hash_now("miller.one")
    (package / "notes.md").write_text("x")
    assert hash_now("miller") == before[0]
    (package / "inner" / "two.py").write_text("x = 1\n")
    assert hash_now("miller.one") == before[1]


def test_the_order_of_names_does_not_count(package: Path) -> None:
    assert hash_now("miller.one", "miller.inner") == hash_now("miller.inner", "miller.one")
    with pytest.raises(ModuleNotFoundError):
        hash_now("miller.three")


def test_passes_name_code_that_exists_and_their_own_among_it() -> None:
    """A pass that left itself out would take up what its earlier version had made."""
    calls = 0
    for path in python_files(ROOT, "pipelines"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "code_hash":
                names = [ast.literal_eval(argument) for argument in node.args if isinstance(argument, ast.Constant)]
                own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                if names:
                    calls += 1
                    assert all(importlib.util.find_spec(name) for name in names)
                    assert any(f"{own}.".startswith(f"{name}.") for name in names), own
    assert calls == 8 and all(importlib.util.find_spec(room) for room in ROOMS)
