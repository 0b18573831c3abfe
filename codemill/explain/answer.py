"""Explain: from a name, a content, a token or a training step to every decision made about a document."""

from __future__ import annotations

from collections.abc import Iterator

from codemill.explain.by_content import explain_content
from codemill.explain.by_name import explain_identity, explain_name
from codemill.explain.by_token import explain_token
from codemill.explain.question import Content, Identity, Name, Step, Token, parse_question
from schemas.errors import CheckFailed, CodemillError
from schemas.manifest import MANIFEST_NAME, PLAN_NAME, Manifest, load_manifest
from storage.errors import MissingFile
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
        CheckFailed: a file of the snapshot is missing or damaged.
    """
    asked = parse_question(what)
    if isinstance(asked, Step):
        from codemill.explain.by_step import explain_step  # which takes JAX in

        yield from explain_step(where, asked, limit)
        return
    manifest = open_snapshot(where)
    try:
        match asked:
            case Token():
                yield from explain_token(where, manifest, asked)
            case Content():
                yield from explain_content(where, manifest, asked, limit)
            case Identity():
                yield from explain_identity(where, manifest, asked, limit)
            case Name():
                yield from explain_name(where, manifest, asked, limit)
    except MissingFile as error:
        remedy = "the snapshot is incomplete: `codemill verify` names what is missing"
        raise CheckFailed(error.message, remedy) from None


def open_snapshot(where: str) -> Manifest:
    """The manifest of a snapshot.

    Raises:
        CodemillError: it is none; of a training run, with what can be asked of it.
    """
    if not exists(join(where, MANIFEST_NAME)) and exists(join(where, PLAN_NAME)):
        raise CodemillError(
            f"{where}: is a training run, not a snapshot",
            f"ask it for step:STEP, or name a snapshot: `codemill lineage {where}` shows which it learned from",
        )
    return load_manifest(where)
