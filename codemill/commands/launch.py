"""`codemill launch`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from codemill.commands.completion import runs, yaml_files


class Place(StrEnum):
    """Where a run can be started."""

    local = "local"
    tpu_vm = "tpu-vm"


def launch(
    plan: Annotated[
        str | None,
        typer.Argument(help="Training plan, a YAML file; see examples/.", metavar="PLAN", autocompletion=yaml_files),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Run directory, local or gs://.", show_default=False, autocompletion=runs),
    ] = None,
    on: Annotated[Place, typer.Option(help="Processes of this machine, or a Cloud TPU slice.")] = Place.local,
    processes: Annotated[int, typer.Option(min=1, help="local: how many processes.")] = 1,
    devices_per_process: Annotated[int, typer.Option(min=1, help="local: CPU devices of each.")] = 1,
    slice_file: Annotated[
        str | None,
        typer.Option(
            "--slice",
            help="tpu-vm: YAML file that describes the slice; see docs/running-on-tpu.md.",
            autocompletion=yaml_files,
        ),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Begin each stage when its snapshots are published.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tpu-vm: only print the request, as JSON.")] = False,
    status: Annotated[bool, typer.Option("--status", help="tpu-vm: say how the slice stands.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="tpu-vm: give the slice back.")] = False,
) -> None:
    """Start a training run on several processes, or on a TPU slice.

    The same command again goes on from the last checkpoint.

    Example: codemill launch plan.yaml --output runs/first --processes 4

    Example: codemill launch plan.yaml -o gs://bucket/runs/first --on tpu-vm --slice slice.yaml --dry-run
    """
    from codemill.launch.launcher import Launcher
    from codemill.launch.local import LocalLauncher
    from codemill.launch.slice import TpuSlice
    from codemill.launch.tpu_vm import TpuVmLauncher
    from schemas.errors import CodemillError
    from schemas.yaml_file import load_model

    launcher: Launcher
    if on is Place.tpu_vm:
        if slice_file is None:
            raise CodemillError(
                "launch: missing option --slice", "name a file that describes the slice: docs/running-on-tpu.md"
            )
        tpu = launcher = TpuVmLauncher(load_model(slice_file, TpuSlice), typer.echo, dry_run=dry_run)
        if status or delete:
            (tpu.delete if delete else tpu.status)()
            return
    else:
        if slice_file or dry_run or status or delete:
            raise CodemillError(
                "launch: --slice, --dry-run, --status and --delete are not for --on local",
                "add --on tpu-vm, or leave them out",
            )
        launcher = LocalLauncher(processes, devices_per_process, typer.echo)
    if plan is None or output is None:
        raise CodemillError(
            "launch: missing PLAN or --output", "name both, as in codemill launch plan.yaml --output runs/first"
        )
    raise typer.Exit(launcher.launch(plan, output, wait=wait))
