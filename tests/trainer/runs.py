"""Whole runs in processes of their own, and comparisons of what they left behind, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts
import yaml

from schemas.plan import Plan

ROOT = Path(__file__).resolve().parents[2]


def write_plan(path: Path, plan: Plan) -> Path:
    path.write_text(yaml.safe_dump(plan.model_dump(mode="json")))
    return path


def environment(devices: int = 1) -> dict[str, str]:
    cpu = {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(devices), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **cpu, "PYTHONPATH": str(ROOT)}


def start(*arguments: str | Path, devices: int = 1, before: str = "") -> subprocess.Popen[str]:
    """`codemill ARGUMENTS`, after the Python statement `before`; both its outputs in one."""
    script = f"{before}\nfrom codemill.cli import main\nmain()"
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=environment(devices),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str | Path, devices: int = 1, before: str = "") -> tuple[int, str]:
    """Status and output of `start`."""
    process = start(*arguments, devices=devices, before=before)
    output = process.communicate()[0]
    return process.returncode, output


def await_line(process: subprocess.Popen[str], words: str) -> None:
    """Read a process's output up to a line with these words."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    raise AssertionError(f"no line with {words!r} in:\n{''.join(seen)}")


def steps(directory: Path) -> list[int]:
    """Finished checkpoints of a run."""
    return sorted(int(path.name) for path in (directory / "checkpoints").iterdir() if path.name.isdigit())


def arrays(directory: Path, step: int) -> dict[str, np.ndarray]:
    """Weights and moments of a checkpoint."""
    found: dict[str, Any] = {}
    for item in ("params", "moments"):
        store = {"driver": "ocdbt", "base": f"file://{directory}/checkpoints/{step}/{item}/"}
        for key in ts.KvStore.open(store).result().list().result():
            name, _, last = key.decode().rpartition("/")
            if last == ".zarray":
                spec = {"driver": "zarr", "kvstore": {**store, "path": name + "/"}}
                found[f"{item}/{name}"] = ts.open(spec).result().read().result()
    return found


def same_bits(first: Path, second: Path, step: int) -> bool:
    one, other = arrays(first, step), arrays(second, step)
    return one.keys() == other.keys() and all(one[name].tobytes() == other[name].tobytes() for name in one)
