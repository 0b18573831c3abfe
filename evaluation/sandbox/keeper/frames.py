"""What goes between a Sandbox and its keeper: fixed headers, then bytes. Nothing in it can name code to run."""

from __future__ import annotations

import struct

from .ending import Ending

HELLO = struct.Struct("<iiI")
"""The keeper's first words: an errno or 0, the version of Landlock, the length of a text that says what failed."""

REQUEST = struct.Struct("<2d4q2Q")
"""Limits as in `Request`; bytes of source and of standard input, which follow."""

REPLY = struct.Struct("<Bid2Q")
"""Index of the ending, status, seconds; bytes of standard output and of standard error, which follow."""

ENDINGS = tuple(Ending)
BROKEN = len(ENDINGS)
"""In the place of an ending: the program was not run, and what failed stands where its standard error would."""


class Request:
    """A program to run and its limits, as `evaluation.sandbox.limits.Limits` explains them."""

    def __init__(
        self,
        source: bytes,
        stdin: bytes,
        seconds: float,
        cpu_seconds: float,
        memory_bytes: int,
        processes: int,
        output_bytes: int,
        file_bytes: int,
    ) -> None:
        self.source = source
        self.stdin = stdin
        self.seconds = seconds
        self.cpu_seconds = cpu_seconds
        self.memory_bytes = memory_bytes
        self.processes = processes
        self.output_bytes = output_bytes
        self.file_bytes = file_bytes

    def packed(self) -> bytes:
        """Header and bytes."""
        header = REQUEST.pack(
            self.seconds,
            self.cpu_seconds,
            self.memory_bytes,
            self.processes,
            self.output_bytes,
            self.file_bytes,
            len(self.source),
            len(self.stdin),
        )
        return header + self.source + self.stdin
