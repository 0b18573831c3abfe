"""How a model is asked: turn by turn with its own outputs in between, or all turns at once.

A text is a list of pieces that are joined: the prefix, then prompts and what the model wrote after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from evaluation.conversation import PREFIX, comment
from evaluation.mtpb.problems import Problem
from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import CODEGEN, at_patterns
from evaluation.writer import Writer, seed_of

_AFTER_TURN = "\n\n"
_WHOLE = at_patterns("\n\n\n", "\n'''", '\n"""', "<|endoftext|>")
"""The end of a program of several turns, in which comments and more than one function are no end."""


class Mode(StrEnum):
    """How the turns are put to the model."""

    MULTI_TURN = "multi-turn"
    SINGLE_TURN = "single-turn"


class Written(NamedTuple):
    """What came of one sample of a case."""

    case: int
    """Index of the case in its problem."""
    sample: int
    pieces: list[str]

    @property
    def program(self) -> str:
        """All of it, as it is run."""
        return "".join(self.pieces)


def write_programs(mode: Mode, problem: Problem, writer: Writer, settings: Settings, samples: int) -> list[Written]:
    """Draw programs for all cases of a problem, cases in order, samples within.

    Args:
        mode: how to ask.
        problem: its own number of tokens takes the place of the settings'.
        writer: continues texts.
        settings: temperature, top-p and seed.
        samples: of each case.
    """
    asked = [problem.turns(case) for case in problem.cases]
    written = [Written(case, sample, [PREFIX]) for case in range(len(asked)) for sample in range(samples)]
    own = replace(settings, tokens=problem.tokens)
    if mode is Mode.MULTI_TURN:
        for turn in range(len(problem.prompts)):
            _add_turn(problem, writer, own, turn, written, [asked[one.case][turn] for one in written])
    else:
        _add_whole(problem, writer, own, written, asked)
    return written


def _add_turn(
    problem: Problem, writer: Writer, settings: Settings, turn: int, written: Sequence[Written], prompts: Sequence[str]
) -> None:
    """One turn of all programs. One that leaves no room for it in the model's context has ended, and stays as it is."""
    going_on = []
    for one, prompt in zip(written, prompts, strict=True):
        unfinished = len(one.pieces) == 1 + 2 * turn
        if unfinished and writer.room(one.program + comment(prompt)) >= settings.tokens:
            one.pieces.append(comment(prompt))
            going_on.append(one)
    if going_on:
        own = replace(settings, seed=seed_of(settings.seed, problem.id, settings.temperature, turn))
        texts = writer.write([one.program for one in going_on], own, 1, CODEGEN)
        for one, (text,) in zip(going_on, texts, strict=True):
            one.pieces.append(text + _AFTER_TURN)


def _add_whole(
    problem: Problem, writer: Writer, settings: Settings, written: Sequence[Written], asked: Sequence[Sequence[str]]
) -> None:
    """All prompts, then as many tokens as all turns have together, or as there is room for."""
    for one in written:
        one.pieces.extend(map(comment, asked[one.case]))
    room = min(settings.tokens * len(problem.prompts), *(writer.room(one.program) for one in written))
    if room > 0:
        seed = seed_of(settings.seed, problem.id, settings.temperature, "whole")
        own = replace(settings, tokens=room, seed=seed)
        for one, (text,) in zip(written, writer.write([one.program for one in written], own, 1, _WHOLE), strict=True):
            one.pieces.append(text + _AFTER_TURN)
