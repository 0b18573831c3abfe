"""Explain: from a name, a content, a token or a training step to every decision made about a document."""

from __future__ import annotations

from collections.abc import Iterator

from codemill.explain.by_content import explain_content
from codemill.explain.by_name import explain_identity, explain_name
from codemill.explain.by_token import explain_token
from codemill.explain.question import Content, Identity, Name, Step, Token, parse_question
from schemas.errors import CodemillError
from schemas.manifest import MANIFEST_NAME, Manifest, load_manifest
from storage.files import exists, join

MOST_SHOWN = 20
"""Documents, rejected files or pieces of them, if nothing else is said."""


def explain(where: str, what: str, limit: int = MOST_SHOWN) -> Iterator[str]:
    """Lines of text that answer for one of the forms of `question`.

    Args:
        where: a snapshot, or the run of a training step.
        what: as the command line has it.
        limit: documents shown at most.

    Raises:
        CodemillError: `what` is of no form that is understood, or nothing answers to it.
    """
    match parse_question(what):
        case Step() as step:
            from codemill.explain.by_step import explain_step  # which takes JAX in

            yield from explain_step(where, step, limit)
        case Token() as token:
            yield from explain_token(where, open_snapshot(where), token)
        case Content() as content:
            yield from explain_content(where, open_snapshot(where), content, limit)
        case Identity() as identity:
            yield from explain_identity(where, open_snapshot(where), identity, limit)
        case Name() as name:
            yield from explain_name(where, open_snapshot(where), name, limit)


def open_snapshot(where: str) -> Manifest:
    """The manifest of a snapshot.

    Raises:
        CodemillError: it is none; of a training run, with what can be asked of it.
    """
    if not exists(join(where, MANIFEST_NAME)) and exists(join(where, "plan.json")):
        raise CodemillError(
            f"{where}: is a training run, not a snapshot",
            f"ask it for step:STEP, or name a snapshot: `codemill lineage {where}` shows which it learned from",
        )
    return load_manifest(where)
