"""The meeting of a run's processes before JAX's own: who does not come is named, instead of an abort of all.

JAX's coordination service ends every process with a stack trace when one of them does not register in time, and does
not say which. So the first process listens on the coordinator's address for the others first, over a plain connection
each, and lets JAX have the address when all are there.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from typing import Any

from schemas.errors import CheckFailed, CodemillError

RETRY_SECONDS = 0.1
"""Between two tries to reach the first process."""
HELLO_SECONDS = 5.0
"""What a process that connects may take to say who it is."""
LONGEST_LINE = 4096
"""Bytes; more than this from a connection is not one of ours."""


def meet(address: tuple[str, int], number: int, index: int, timeout: float) -> None:
    """Return when all `number` processes have called this; process 0 listens, the others connect to it.

    Args:
        address: host and port of process 0, free until now.
        number: of processes.
        index: of this one.
        timeout: seconds to wait for the others.

    Raises:
        CheckFailed: a process is missing; the message says which. All that came get it.
        CodemillError: the address is taken, or two processes do not agree on their numbers.
    """
    deadline = time.monotonic() + timeout
    if index == 0:
        _gather(address, number, timeout, deadline)
    else:
        _report(address, number, index, timeout, deadline)


def _gather(address: tuple[str, int], number: int, timeout: float, deadline: float) -> None:
    loopback = address[0] in ("localhost", "127.0.0.1")
    try:
        listener = socket.create_server((address[0] if loopback else "", address[1]), backlog=number)
    except OSError as error:
        raise CodemillError(
            f"process 0 cannot listen at {address[0]}:{address[1]} ({error.strerror})",
            "name a free port of the first machine with --coordinator",
        ) from None
    with ExitStack() as connections:
        connections.enter_context(listener)
        present: dict[int, socket.socket] = {}
        problem = None
        while len(present) < number - 1 and problem is None:
            listener.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                missing = sorted(set(range(1, number)) - present.keys())
                problem = (
                    f"process {', '.join(map(str, missing))} of {number} did not start within {timeout:g} s",
                    "look at its own output, start it, and then all of them again",
                )
                break
            connections.enter_context(connection)
            connection.settimeout(HELLO_SECONDS)
            said = _receive(connection)
            if said is None:
                continue
            if said["number"] != number or said["index"] in present or not 0 < said["index"] < number:
                problem = (
                    f"a process on {said['host']} says that it is number {said['index']} of {said['number']}, which "
                    f"does not fit {number} processes of which {', '.join(map(str, [0, *sorted(present)]))} are there",
                    "give all the same --processes, and each a --process-index of its own, from 0",
                )
                connection.sendall(_line({"problem": problem}))
                break
            present[said["index"]] = connection
        for connection in present.values():
            connection.sendall(_line({"problem": problem}))
    if problem is not None:
        raise CheckFailed(*problem)


def _report(address: tuple[str, int], number: int, index: int, timeout: float, deadline: float) -> None:
    answer = None
    while answer is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(address, timeout=max(0.01, deadline - time.monotonic())) as connection:
                connection.sendall(_line({"index": index, "number": number, "host": socket.gethostname()}))
                # The first process answers after its own deadline, which may be later than this one's.
                connection.settimeout(timeout + max(0.0, deadline - time.monotonic()))
                answer = _receive(connection)
        except OSError:
            time.sleep(RETRY_SECONDS)
    if answer is None:
        raise CheckFailed(
            f"process 0 of {number} did not answer at {address[0]}:{address[1]} within {timeout:g} s",
            "look at its own output, start it, and then all of them again",
        )
    if answer["problem"] is not None:
        raise CheckFailed(*answer["problem"])


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _receive(connection: socket.socket) -> dict[str, Any] | None:
    """One line; None if the other side left or is not one of ours."""
    try:
        with connection.makefile("rb") as stream:
            said = json.loads(stream.readline(LONGEST_LINE))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None
