"""What the harvest leaves to the passes behind it: blocks of documents, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pipelines.jobs.progress import Done
from schemas.rules import Rule


@dataclass(frozen=True)
class Block:
    """A file of harvested documents."""

    ordinal: int
    path: str
    source: str
    stage: str
    documents: int
    text_bytes: int


@dataclass(frozen=True)
class Harvest:
    """What the pass leaves: blocks in order, and each unit's marker in order."""

    blocks: tuple[Block, ...]
    markers: tuple[dict[str, Any], ...]
    key: str
    rules: dict[str, tuple[Rule, ...]]


def amounts_of(blocks: Iterable[Block]) -> Callable[[str], Done]:
    """What stands for a file that a later pass makes of a block and names by its ordinal."""
    amounts = {block.ordinal: Done(1, block.documents, block.text_bytes) for block in blocks}
    return lambda path: amounts[int(PurePosixPath(path).stem)]
