"""What is asked for: a name, an id, a content hash, a token of a shard, or a training step."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.errors import CodemillError

UNDERSTOOD = (
    "give a path or its end from some directory on, a document's id (32 hex digits), a SHA-256 (64, or sha256: and at "
    "least 8), shards/STAGE/SPLIT...tfrecord:RECORD:TOKEN, or step:STEP[:SEQUENCE[:TOKEN]] of a run"
)
"""Every form, on one line: the remedy of what is none of them, or matches nothing."""

_TOKEN = re.compile(r"(?P<shard>shards/.+\.tfrecord):(?P<record>\d+):(?P<token>\d+)")
_STEP = re.compile(r"step:(?P<step>\d+)(:(?P<sequence>\d+)(:(?P<token>\d+))?)?")
_HASH = re.compile(r"(sha256:(?P<prefix>[0-9a-f]{8,64})|(?P<whole>[0-9a-f]{64}))", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_BEGINS = ("step:", "sha256:", "shards/")


@dataclass(frozen=True)
class Name:
    """A path of a document or of a rejected file, or its end; "/" between folders, none in front."""

    name: str


@dataclass(frozen=True)
class Identity:
    """A document's public id."""

    id: bytes


@dataclass(frozen=True)
class Content:
    """The beginning of a SHA-256, 8 to 64 lower-case hex digits."""

    digits: str


@dataclass(frozen=True)
class Token:
    """An id of a record; all count from 0."""

    shard: str
    record: int
    token: int


@dataclass(frozen=True)
class Step:
    """A step of a run, counted over all stages from 1; of its sequences one, and of that one id, counted from 0."""

    step: int
    sequence: int | None = None
    token: int | None = None


Question = Name | Identity | Content | Token | Step


def parse_question(what: str) -> Question:
    """Read what the command line asks for.

    Raises:
        CodemillError: it begins like one of the forms and is not one, or is empty.
    """
    if found := _TOKEN.fullmatch(what):
        return Token(found["shard"], int(found["record"]), int(found["token"]))
    if found := _STEP.fullmatch(what):
        return Step(int(found["step"]), *(None if found[n] is None else int(found[n]) for n in ("sequence", "token")))
    if found := _HASH.fullmatch(what):
        return Content((found["prefix"] or found["whole"]).lower())
    if _ID.fullmatch(what):
        return Identity(bytes.fromhex(what))
    name = what.lstrip("/")
    if not name or name.startswith(_BEGINS):
        raise CodemillError(f"{what!r} is not understood", UNDERSTOOD)
    return Name(name)
