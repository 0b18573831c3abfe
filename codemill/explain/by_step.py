"""From a step of a training run to the documents that were in it."""

from __future__ import annotations

from collections.abc import Iterator

from codemill.explain.by_token import explain_token
from codemill.explain.document import explain_document, name_of, read_document
from codemill.explain.question import Step, Token
from codemill.lineage import OpenedStep, Sequence, open_step
from schemas.errors import CodemillError


def explain_step(run: str, asked: Step, limit: int) -> Iterator[str]:
    """Lines: the documents of a step, of one of its sequences, or that of one id; `limit` pieces of documents at most.

    Raises:
        CodemillError: the run has no such step, or the step no such sequence or id.
    """
    step = open_step(run, asked.step)
    last = len(step.sequences) - 1
    yield (
        f"{step.plan} step {asked.step}: stage {step.stage}, step {step.step_of_stage} of it, sequences 0 to {last}, "
        f"positions {step.sequences[0].position} to {step.sequences[-1].position} of the stage"
    )
    if asked.sequence is None:
        yield from _list(run, asked, step, limit)
        return
    if asked.sequence > last:
        raise CodemillError(
            f"{run}: step {asked.step} has no sequence {asked.sequence}", f"its sequences are 0 to {last}"
        )
    sequence = step.sequences[asked.sequence]
    yield _place(asked.sequence, sequence)
    if asked.token is None:
        yield from _describe(sequence, limit)
    else:
        token = Token(*sequence.place, asked.token)
        yield from explain_token(sequence.trace.snapshot, sequence.trace.manifest, token)


def _list(run: str, asked: Step, step: OpenedStep, limit: int) -> Iterator[str]:
    """A line for each piece of each sequence."""
    shown = 0
    for number, sequence in enumerate(step.sequences):
        if shown == limit:
            yield f"... and {len(step.sequences) - number} more sequences"
            break
        yield _place(number, sequence)
        for piece in sequence.pieces():
            if shown == limit:
                yield "  ..."
                break
            shown += 1
            yield f"  {piece.words()} of {name_of(piece.document)}, id {piece.document['id'].hex()}"
    yield f"ask for step:{asked.step}:SEQUENCE to see one; `codemill lineage {run} --step {asked.step}` lists them all"


def _describe(sequence: Sequence, limit: int) -> Iterator[str]:
    """Everything about each document of one sequence."""
    trace = sequence.trace
    pieces = list(sequence.pieces())
    for piece in pieces[:limit]:
        yield f"{piece.words()} of:"
        yield from explain_document(
            trace.snapshot, trace.manifest, read_document(trace.snapshot, trace.manifest, piece.key)
        )
    if len(pieces) > limit:
        yield f"... and {len(pieces) - limit} more; --limit shows more"


def _place(number: int, sequence: Sequence) -> str:
    shard, record = sequence.place
    return f"sequence {number}: record {record} of {shard} in {sequence.trace.snapshot}"
