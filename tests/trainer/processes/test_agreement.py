"""Processes that agree, simulated: every order of their questions that a step's needs allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trainer.processes.agreement
from trainer.processes.agreement import Agreement

PROCESSES = 3
STEPS = 14


class Simulation:
    """Three processes; `asked` and `due` say when who was asked to stop, and when process 0 wants to save."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, asked: dict[int, int], due: set[int]) -> None:
        self.notes: dict[str, str] = {}
        self.current = 0
        self.done = [0] * PROCESSES
        self.decided: list[list[tuple[bool, bool]]] = [[] for _ in range(PROCESSES)]
        monkeypatch.setattr(jax, "process_count", lambda: PROCESSES)
        monkeypatch.setattr(jax, "process_index", lambda: self.current)
        monkeypatch.setattr(trainer.processes.agreement, "tell", self.notes.__setitem__)
        monkeypatch.setattr(trainer.processes.agreement, "told", self.notes.get)
        self.agreements = [
            Agreement(self._asked(index, asked), lambda: self.done[0] + 1 in due) for index in range(PROCESSES)
        ]

    def _asked(self, index: int, asked: dict[int, int]) -> Callable[[], bool]:
        return lambda: self.done[index] + 1 >= asked.get(index, STEPS + 1)

    def step(self, index: int) -> bool:
        """Let a process come to its next question, if the step before is done.

        For that all must have begun it, which is so if they have asked about the one before that.
        """
        if self.done[index] > min(self.done) + 1 or self.done[index] == STEPS or self.stopped(index):
            return False
        self.current = index
        agreement = self.agreements[index]
        agreement.reached(self.done[index] + 1)
        self.done[index] += 1
        self.decided[index].append((agreement.stops, agreement.saves))
        return True

    def stopped(self, index: int) -> bool:
        return any(stops for stops, _ in self.decided[index])


@given(
    st.dictionaries(st.integers(0, PROCESSES - 1), st.integers(1, STEPS)),
    st.sets(st.integers(1, STEPS)),
    st.lists(st.integers(0, PROCESSES - 1), max_size=80),
)
def test_all_do_the_same_at_the_same_step(asked: dict[int, int], due: set[int], order: list[int]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        simulation = Simulation(monkeypatch, asked, due)
        for index in order:
            simulation.step(index)
        while any([simulation.step(index) for index in range(PROCESSES)]):
            pass
        assert simulation.decided[0] == simulation.decided[1] == simulation.decided[2]
        if asked and min(asked.values()) <= STEPS - 6:
            assert simulation.stopped(0)


def test_alone_a_wish_is_a_decision() -> None:
    wishes: dict[str, Any] = {"stop": False, "save": False}
    agreement = Agreement(lambda: wishes["stop"], lambda: wishes["save"])
    decided = []
    for step, wish in enumerate(("", "save", "stop"), 1):
        wishes[wish] = True
        agreement.reached(step)
        decided.append((agreement.stops, agreement.saves))
    assert decided == [(False, False), (False, True), (True, False)]


def test_a_wait_ends_with_what_is_waited_for_or_a_stop() -> None:
    looks = iter([False, False, True])
    assert Agreement(lambda: False, lambda: False).wait_for("data", lambda: next(looks), 0.001)
    assert not Agreement(lambda: True, lambda: False).wait_for("data", lambda: False, 0.001)
