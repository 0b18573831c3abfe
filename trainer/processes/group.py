"""Several processes as one run: how they start, wait for each other with a limit, and tell each other what to do."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import Any

import jax
from jax._src import cloud_tpu_init, distributed

from schemas.errors import CheckFailed, CodemillError
from trainer.processes.rendezvous import meet

START_SECONDS = 300.0
"""How long the first processes wait for the last one."""
_PREFIX = "codemill/"


def join_processes(
    number: int | None, index: int | None, coordinator: str | None, timeout: float = START_SECONDS
) -> None:
    """Make this process one of a run's, before anything else is asked of JAX.

    Without arguments it stays alone, except on a Cloud TPU VM, where JAX finds all hosts of the slice itself.

    Args:
        number: of processes.
        index: of this one, from 0.
        coordinator: HOST:PORT, a free port of the machine of process 0 that all can reach.
        timeout: seconds to wait for the others.

    Raises:
        CheckFailed: a process is missing; the message says which.
        CodemillError: the arguments do not make sense.
    """
    # Its handler of SIGTERM is not ours: see signals.py.
    jax.config.update("jax_enable_preemption_service", False)  # type: ignore[no-untyped-call]
    if number is None and index is None and coordinator is None:
        if cloud_tpu_init.running_in_cloud_tpu_vm and not jax.distributed.is_initialized():
            jax.distributed.initialize(initialization_timeout=int(timeout))
            _introduce()
        return
    host, _, port = (coordinator or "").rpartition(":")
    if number is None or index is None or not host or not port.isdigit() or not 0 <= index < number:
        raise CodemillError(
            f"--processes {number} --process-index {index} --coordinator {coordinator} do not name one process of "
            f"several",
            "give all three: how many, which one from 0, and HOST:PORT of number 0",
        )
    # One process too, if asked for: on CPU the sums of gloo have other last bits than those of JAX's own collectives.
    meet((host, int(port)), number, index, timeout)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # type: ignore[no-untyped-call]
    loopback = host in ("localhost", "127.0.0.1")
    jax.distributed.initialize(
        coordinator,
        number,
        index,
        cluster_detection_method="deactivate",
        initialization_timeout=int(timeout),
        coordinator_bind_address=coordinator if loopback else None,
    )
    _introduce()


def leave_processes(timeout: float = START_SECONDS) -> None:
    """Part from the others, all at the same time; alone, do nothing."""
    if jax.distributed.is_initialized():
        barrier("the end", timeout)
        jax.distributed.shutdown()  # type: ignore[no-untyped-call]


def barrier(name: str, timeout: float) -> None:
    """Return when all processes have come here; alone, at once.

    Args:
        name: what they wait for, the same in all; it may come again.
        timeout: seconds.

    Raises:
        CheckFailed: a process did not come; the message says which and where it runs.
    """
    client = _client()
    if client is None:
        return
    try:
        client.wait_at_barrier(_PREFIX + name, int(timeout * 1000))
    except jax.errors.JaxRuntimeError as error:
        raise CheckFailed(
            f"{_missing(client, str(error))} did not reach '{name}' within {timeout:g} s",
            "look at its own output for the cause; the same command goes on from the last checkpoint",
        ) from error


def is_first() -> bool:
    """Whether this is process 0, which serves the others' questions; asks nothing of the devices."""
    return distributed.global_state.process_id == 0


def me() -> str:
    """This process, for messages."""
    return f"process {distributed.global_state.process_id} of {distributed.global_state.num_processes}"


def tell(name: str, value: str) -> None:
    """Leave a note that any process can read from now on; the last one stays."""
    client = _client()
    if client is not None:
        client.key_value_set(_PREFIX + name, value, allow_overwrite=True)


def told(name: str) -> str | None:
    """The note of this name, if there is one yet: a question to process 0 that takes a fraction of a millisecond."""
    client = _client()
    if client is None:
        return None
    try:
        value: str = client.key_value_try_get(_PREFIX + name)
    except jax.errors.JaxRuntimeError as error:
        if "NOT_FOUND" not in str(error):
            raise
        return None
    return value


def _client() -> Any:
    """JAX's coordination client, which has no public name: its barriers wait no longer than told and name who is
    missing, and unlike `multihost_utils.sync_global_devices` they need no device, so that any thread may use them.
    """
    return distributed.global_state.client


def _introduce() -> None:
    tell(f"host/{distributed.global_state.process_id}", socket.gethostname())


def _missing(client: Any, error: str) -> str:
    """Who is missing, from the text of the coordination service's error."""
    listed = re.search(r"timed out task names:\s*((?:\d+\s+)+)", error + "\n")
    if listed is None:
        return "another process"
    hosts: dict[str, str] = {}
    with contextlib.suppress(jax.errors.JaxRuntimeError):
        hosts = {key.rpartition("/")[2]: host for key, host in client.key_value_dir_get(_PREFIX + "host/")}
    names = [f"{index} (host {hosts[index]})" if index in hosts else index for index in listed[1].split()]
    return f"process {', '.join(names)} of {distributed.global_state.num_processes}"
