"""Which checkpoints stay: the latest regular ones, every stage's end, and the newest of all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from storage.files import delete, delete_tree, is_remote, join
from storage.uris import local_path


def superseded(steps: Iterable[int], keep: int, every_steps: int, stage_ends: Collection[int]) -> list[int]:
    """Checkpoints that may go, in order.

    A regular one is at a multiple of `every_steps` or at a stage's end; the latest `keep` of these stay. Any other was
    saved because of the time or of a signal: it is temporary, and goes when there is a newer one of any kind.

    Args:
        steps: those of the finished checkpoints.
        keep: at least 1.
        every_steps: of the plan.
        stage_ends: steps whose checkpoints always stay.
    """
    known = sorted(steps)
    regular = [step for step in known if step in stage_ends or step % every_steps == 0]
    stay = {*regular[-keep:], *known[-1:], *stage_ends}
    return [step for step in known if step not in stay]


def remove(place: str) -> None:
    """Delete a finished checkpoint so that what a crash leaves of it is never taken for one."""
    if is_remote(place):
        delete(join(place, "commit_success.txt"))
        delete_tree(place)
    else:
        unfinished = place + ".orbax-checkpoint-tmp"  # what has this name is deleted when the run goes on
        delete_tree(unfinished)
        os.rename(local_path(place), local_path(unfinished))
        delete_tree(unfinished)
