"""The description of a Cloud TPU slice to train on, and the script that its hosts run."""

from __future__ import annotations

import shlex

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.errors import CodemillError
from schemas.plan import load_plan
from storage.files import is_remote, read_bytes

_NAME = r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
_END = "END_OF_THE_PLAN"
STOP_SECONDS = 600
"""What a host gives the training to save and end when it shuts down; a preempted one has 30 s or less."""
LARGEST_SCRIPT = 256 << 10
"""Bytes of one value of an instance's metadata."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Accelerator(_Frozen):
    """Generation and topology, where the accelerator type's default topology is not meant."""

    type: str
    """Such as V5LITE_POD, V5P or V6E."""
    topology: str = Field(pattern=r"^\d+(x\d+)+$")
    """Chips along each axis, such as 4x4."""


class TpuSlice(_Frozen):
    """What to ask Cloud TPU for: a YAML file, see docs/running-on-tpu.md."""

    name: str = Field(pattern=_NAME)
    """Of the queued resource and of its node."""
    project: str
    zone: str
    accelerator_type: str = ""
    """Such as v5litepod-16; or `accelerator`."""
    accelerator: Accelerator | None = None
    runtime_version: str
    """The hosts' image, such as v2-alpha-tpuv5-lite."""
    spot: bool = False
    """Cheaper, and taken away at any time."""
    reservation: str | None = None
    """Name of a reservation to take it from."""
    wait_hours: float | None = Field(default=None, gt=0)
    """Give up when the slice was not there after this time; null waits on."""
    network: str | None = None
    subnetwork: str | None = None
    external_ips: bool = True
    """Without them the network needs another way to the package index, such as Cloud NAT."""
    service_account: str | None = None
    """E-mail of the account that the hosts act as; null means the project's default one."""
    labels: dict[str, str] = Field(default_factory=dict)
    package: str = Field(pattern=r"^gs://.+\.(whl|tar\.gz|zip)$")
    """codemill itself: a wheel or a source archive."""
    python: str = "3.12"
    """Fetched by uv when the image has another."""
    jax: str = "jax[tpu]"
    """Requirement of JAX; pin a version here to go on with the one that a run began with."""

    @model_validator(mode="after")
    def _one_accelerator(self) -> TpuSlice:
        if bool(self.accelerator_type) == (self.accelerator is not None):
            raise ValueError("give either `accelerator_type` or `accelerator`")
        if self.spot and self.reservation:
            raise ValueError("a slice is either `spot` or from a `reservation`")
        return self


def startup_script(wanted: TpuSlice, plan: str, run: str, wait: bool) -> str:
    """What each host runs at each start: it installs codemill once, then trains as a service.

    The service starts again after a failure, when another host was lost for instance, but not after status 2, which
    says that the plan or its data are wrong; and SIGTERM at a shutdown makes the training save.

    Args:
        wanted: the slice.
        plan: YAML file, local (then its text goes along) or gs://.
        run: directory, gs://.
        wait: begin each stage when its snapshots are published.

    Raises:
        CodemillError: the hosts could not reach something that the plan names.
    """
    _check_reachable(plan, run)
    text = "" if is_remote(plan) else read_bytes(plan).decode().rstrip("\n")
    if _END in text.splitlines():
        raise CodemillError(f"{plan}: has a line {_END}, which ends it inside a script", "remove that line")
    get_plan = (
        f"gcloud storage cp {shlex.quote(plan)} /opt/codemill/plan.yaml"
        if is_remote(plan)
        else f"cat > /opt/codemill/plan.yaml <<'{_END}'\n{text}\n{_END}"
    )
    archive = "/opt/codemill/" + wanted.package.rpartition("/")[2]
    script = f"""#!/bin/bash
set -euo pipefail
mkdir -p /opt/codemill
{get_plan}
if [ ! -e /opt/codemill/installed ]; then
  gcloud storage cp {shlex.quote(wanted.package)} {shlex.quote(archive)}
  python3 -m pip install --quiet uv
  python3 -m uv venv --clear --python {shlex.quote(wanted.python)} /opt/codemill/venv
  python3 -m uv pip install --python /opt/codemill/venv/bin/python \\
    {shlex.quote(archive + "[trainer]")} {shlex.quote(wanted.jax)}
  touch /opt/codemill/installed
fi
systemctl reset-failed codemill.service 2>/dev/null || true
systemd-run --unit=codemill --property=Restart=on-failure --property=RestartSec=30 \\
  --property=RestartPreventExitStatus=2 --property=StartLimitIntervalSec=0 \\
  --property=TimeoutStopSec={STOP_SECONDS} --property=KillMode=mixed \\
  /opt/codemill/venv/bin/codemill train /opt/codemill/plan.yaml --output {shlex.quote(run)}{" --wait" if wait else ""}
"""
    if len(script.encode()) > LARGEST_SCRIPT:
        raise CodemillError(
            f"{plan}: too long for a startup script of {LARGEST_SCRIPT} bytes", "copy it to gs:// and name it there"
        )
    return script


def _check_reachable(plan: str, run: str) -> None:
    read = load_plan(plan)
    snapshots = [part.snapshot for stage in read.stages for part in stage.parts]
    for place in [run, *snapshots, *([read.checkpoint.directory] if read.checkpoint.directory else [])]:
        if not is_remote(place):
            raise CodemillError(f"{place}: the hosts of a slice cannot reach this directory", "copy it to gs://")
