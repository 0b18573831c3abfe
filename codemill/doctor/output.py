"""Where a build would write: tried with a small file that is taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codemill.doctor.corpus import ANSWER_SECONDS
from codemill.doctor.finding import Finding, broken, note, ok
from codemill.doctor.guard import within
from codemill.doctor.kernels import can_write
from schemas.manifest import MANIFEST_NAME
from storage.files import TEMPORARY_PREFIX, delete, exists, read_bytes, write_atomic
from storage.uris import is_remote, join, local_path

_PROBE = f"{TEMPORARY_PREFIX}doctor"


def output(place: str) -> Iterator[Finding]:
    """Whether files can be made in a snapshot directory, or where it would be made.

    Raises:
        StorageError: gs:// says why not.
    """
    if is_remote(place):
        try:
            within(ANSWER_SECONDS, lambda: _write_far(join(place, _PROBE)))
        except TimeoutError as error:
            yield broken("output", f"{place}: {error}", "check the network and the bucket's name")
            return
    elif not can_write(Path(local_path(place))):
        yield broken(
            "output", f"{place} cannot be written to", "name another directory, or give this user the permission"
        )
        return
    yield ok("output", f"{place} can be written to")
    if within(ANSWER_SECONDS, lambda: exists(join(place, MANIFEST_NAME))):
        yield note("output", f"{place} holds a finished snapshot: a build replaces what the config changes")


def _write_far(probe: str) -> None:
    write_atomic(probe, b"codemill doctor")
    try:
        read_bytes(probe)
    finally:
        delete(probe)
