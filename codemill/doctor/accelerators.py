"""What JAX finds: asked in a process of its own, which is left behind if a driver hangs."""

from __future__ import annotations

import glob
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from codemill.doctor.finding import Finding, broken, note, ok, warning
from codemill.doctor.python import installed_version

SECONDS = 60.0
"""To wait for JAX; a TPU that answers does so in a few."""
_ASK = (
    "import json, jax; devices = jax.devices(); "
    "print(json.dumps([jax.__version__, devices[0].platform, devices[0].device_kind, len(devices)]))"
)
_HELD = "end other programs that hold the accelerator, or say JAX_PLATFORMS=cpu to do without it"


class Asked(NamedTuple):
    """What came of the process."""

    status: int | None
    """None where it did not end in time."""
    output: str
    errors: str


def ask(command: Sequence[str], seconds: float = SECONDS) -> Asked:
    """Run a program with a time limit; what does not even die of SIGKILL is not waited for."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True
        )
        try:
            status: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
            process.kill()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.returncode = -9  # stuck in the kernel: nobody waits for it any more
        output.seek(0)
        errors.seek(0)
        return Asked(status, output.read().decode("utf-8", "replace"), errors.read().decode("utf-8", "replace"))


def devices(
    run: Callable[[Sequence[str]], Asked] = ask, there: Callable[[str], object] = find_spec
) -> Iterator[Finding]:
    """Which devices JAX computes on."""
    if there("jax") is None:
        yield note("devices", "JAX is not installed; builds do without", "pip install 'codemill[trainer]' to train")
        return
    asked = run([sys.executable, "-c", _ASK])
    if asked.status is None:
        yield broken("devices", f"JAX found no devices within {SECONDS:g} s: a driver hangs", _HELD)
    elif asked.status != 0:
        lines = asked.errors.strip().splitlines()
        yield broken("devices", f"JAX finds no devices: {lines[-1][:300] if lines else 'it crashed'}", _HELD)
    else:
        version, platform, kind, count = json.loads(asked.output.splitlines()[-1])
        told = f"JAX {version}: {count} {platform}" + (f" ({kind})" if kind != platform else "")
        if platform == "cpu":
            yield note("devices", f"{told}: no accelerator, so only small models can be trained")
        else:
            yield ok("devices", told)


def tpu_library(
    installed: Callable[[str], str | None] = installed_version, nodes: Sequence[str] | None = None
) -> Iterator[Finding]:
    """Whether libtpu is there, which a TPU needs, and compiling for one ahead of time.

    Args:
        installed: from a distribution's name to its version, None if it is not there.
        nodes: device files of TPUs on this machine.
    """
    found = installed("libtpu")
    seen = nodes if nodes is not None else sorted(glob.glob("/dev/accel[0-9]*") + glob.glob("/dev/vfio/[0-9]*"))
    if found:
        yield ok("libtpu", found)
    elif seen:
        what = f"no libtpu, but devices that may be TPUs, such as {seen[0]}"
        yield warning("libtpu", what, "pip install 'codemill[tpu]' where they are TPUs")
    else:
        yield note(
            "libtpu",
            "not installed; `codemill plan --topology` then estimates instead of compiling",
            "pip install 'codemill[tpu]'",
        )
