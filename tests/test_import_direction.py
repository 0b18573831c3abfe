"""Imports between rooms only point down, heavy libraries stay in their rooms, and files stay short."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 400
WRITTEN = "benchmarks/work"
"""What benchmarks write, environments with other people's code among it."""

BELOW: dict[str, frozenset[str]] = {
    "storage": frozenset(),
    "buffers": frozenset(),
    "schemas": frozenset({"storage", "buffers"}),
    "filtering": frozenset({"schemas", "storage", "buffers"}),
    "dedup": frozenset({"schemas", "storage", "buffers"}),
    "tokenization": frozenset({"schemas", "storage", "buffers"}),
    "pipelines": frozenset({"filtering", "dedup", "tokenization", "schemas", "storage", "buffers"}),
    "loaders": frozenset({"schemas", "storage", "buffers"}),
    "trainer": frozenset({"loaders", "schemas", "storage", "buffers"}),
    "evaluation": frozenset({"trainer", "loaders", "tokenization", "schemas", "storage", "buffers"}),
}
ALL_ROOMS = frozenset(BELOW) | {"codemill"}
BELOW["codemill"] = ALL_ROOMS - {"codemill"}

BEAM = frozenset({"apache_beam"})
JAX = frozenset({"jax", "jaxlib", "optax", "orbax"})
TENSORFLOW = frozenset({"tensorflow", "keras"})
OTHER_LOADERS = frozenset({"grain", "torch"})
# The bottom rooms serve Beam workers and the trainer alike, so they carry the bans of both.
BANNED: dict[str, frozenset[str]] = {
    **{
        room: BEAM | JAX | TENSORFLOW
        for room in ("storage", "buffers", "schemas", "filtering", "dedup", "tokenization")
    },
    "pipelines": JAX | TENSORFLOW,
    "loaders": BEAM | JAX | TENSORFLOW | OTHER_LOADERS,
    "trainer": BEAM | TENSORFLOW,
}
NEVER = frozenset({"tests", "benchmarks"})
# Files that exist to hand something over to a library which their room must do without; none of ours imports them.
ADAPTERS: dict[str, frozenset[str]] = {
    "loaders/grain_source.py": frozenset({"grain"}),
    "loaders/tensorflow_dataset.py": TENSORFLOW,
}
ADAPTER_MODULES = tuple(path.removesuffix("py").replace("/", ".") for path in ADAPTERS)


class Import(NamedTuple):
    module: str
    line: int


def imports_of(source: str, package: str) -> Iterator[Import]:
    """Every import in `source`, a file of `package`, at any depth, import_module("literal") too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            kept = parents[: len(parents) - node.level + 1] if node.level else []
            for alias in node.names:  # which may be a module too
                yield Import(".".join([*kept, *filter(None, [node.module]), alias.name]), node.lineno)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield Import(node.args[0].value, node.lineno)


def python_files(root: Path, *tops: str) -> list[Path]:
    found = (path for top in tops for path in (root / top).rglob("*.py"))
    return sorted(path for path in found if root / WRITTEN not in path.parents)


def violations(root: Path) -> list[str]:
    """One line, `file:line: room imports module`, for each import under `root` that breaks a rule."""
    found = []
    for room in sorted(ALL_ROOMS):
        forbidden = (ALL_ROOMS - BELOW[room] - {room}) | BANNED.get(room, frozenset()) | NEVER
        for path in python_files(root, room):
            relative = path.relative_to(root)
            package = ".".join(relative.parts[:-1])
            banned = forbidden - ADAPTERS.get(relative.as_posix(), frozenset())
            for module, line in imports_of(path.read_text(encoding="utf-8"), package):
                if module.split(".")[0] in banned or f"{module}.".startswith(ADAPTER_MODULES):
                    found.append(f"{relative}:{line}: {room} imports {module}")
    return found


def long_files(root: Path) -> list[str]:
    tops = (*sorted(ALL_ROOMS), *sorted(NEVER))
    counts = {path: len(path.read_bytes().splitlines()) for path in python_files(root, *tops)}
    return [f"{path.relative_to(root)}: {n} lines" for path, n in counts.items() if n > LONGEST_FILE]


def test_imports_point_down() -> None:
    assert violations(ROOT) == []


def test_no_file_is_longer_than_the_limit() -> None:
    assert long_files(ROOT) == []


def test_every_package_at_the_root_is_a_room() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("[a-z]*/*.py")}
    assert tops - NEVER - {"docs", "examples", "build"} <= ALL_ROOMS


def test_the_package_ships_every_room() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.removesuffix("*") for name in shipped} == ALL_ROOMS


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("storage/door.py", "import schemas.plan"),
        ("buffers/texts.py", "from storage.files import read"),
        ("schemas/plan.py", "from dedup import bands"),
        ("filtering/rules.py", "import apache_beam as beam"),
        ("dedup/bands.py", "def f():\n    import jax.numpy as jnp\n"),
        ("tokenization/bpe.py", "def f():\n    if True:\n        from jax import numpy\n"),
        ("pipelines/harvest.py", "import importlib\ntf = importlib.import_module('tensorflow')"),
        ("pipelines/passes/shard.py", "from trainer.model import loss"),
        ("trainer/step.py", "try:\n    import apache_beam.io\nexcept ImportError:\n    pass"),
        ("trainer/data.py", "tf = __import__('tensorflow')"),
        ("loaders/ordered.py", "from trainer.data import Batches"),
        ("loaders/ordered.py", "def f():\n    import grain"),
        ("loaders/grain_source.py", "import tensorflow"),
        ("trainer/data.py", "from loaders.tensorflow_dataset import tensorflow_batches"),
        ("loaders/batches.py", "from loaders import grain_source"),
        ("evaluation/sandbox.py", "from pipelines import harvest"),
        ("trainer/model.py", "from codemill.cli import main"),
        ("trainer/deep/model.py", "from ...codemill import cli"),
        ("codemill/cli.py", "from tests.helpers import corpus"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, path: str, source: str) -> None:
    planted = tmp_path / path
    planted.parent.mkdir(parents=True)
    planted.write_text(f'"""A file."""\n{source}\n', encoding="utf-8")
    (found,) = violations(tmp_path)
    assert found.startswith(f"{path}:")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("schemas/plan.py", "from buffers.texts import Texts\nimport storage"),
        ("dedup/bands.py", "from .signatures import sign\nfrom . import rank"),
        ("pipelines/passes/shard.py", "import apache_beam\nfrom ..sources import jsonl"),
        ("trainer/step.py", "import jax\nimport trainer.model\ndata = dict(trainer='codemill')"),
        ("loaders/grain_source.py", "def f():\n    import grain"),
        ("trainer/data.py", "from loaders.order import records_at"),
        ("codemill/cli.py", "import trainer, pipelines, evaluation"),
    ],
)
def test_an_allowed_import_is_left_alone(tmp_path: Path, path: str, source: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")
    assert violations(tmp_path) == []


def test_a_planted_long_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "dedup").mkdir()
    (tmp_path / "dedup" / "short.py").write_text("x = 1\n" * LONGEST_FILE)
    (tmp_path / "dedup" / "long.py").write_text("x = 1\n" * (LONGEST_FILE + 1))
    assert long_files(tmp_path) == [f"dedup/long.py: {LONGEST_FILE + 1} lines"]


@pytest.mark.slow
@pytest.mark.parametrize("room", sorted(BANNED))
def test_no_banned_library_arrives_through_another(room: str) -> None:
    """A clean source can import a library that drags another in: import the room, look at what was loaded."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in python_files(ROOT, room)
        if path.stem != "__main__" and path.relative_to(ROOT).as_posix() not in ADAPTERS
    ]
    script = (
        "import importlib, sys\n"
        "sys.path.insert(0, '.')\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {sorted(BANNED[room])!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
