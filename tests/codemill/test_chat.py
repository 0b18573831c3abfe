from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import codemill.chat
from codemill.chat import Chat, chat
from codemill.screen.terminal import printable
from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import NOWHERE, Stops
from evaluation.sandbox import Ending, Limits, Result


class Echo:
    """Answers with what it is asked and the number of the answer; `stop` is as Ctrl-C while it writes."""

    def __init__(self, room: int = 10_000) -> None:
        self.room = room
        self.prompts: list[str] = []

    def fits(self, text: str, settings: Settings) -> bool:
        return len(text) <= self.room

    def stream(self, prompt: str, settings: Settings, sample: int = 0, stops: Stops = NOWHERE) -> Iterator[str]:
        self.prompts.append(prompt)
        request = prompt.rstrip("\n").rpartition("# ")[2]
        if request == "stop":
            signal.raise_signal(signal.SIGINT)
        yield f"{request} = "
        yield f"{sample}\n"


def session(*lines: str, model: Echo | None = None) -> tuple[Chat, str]:
    shown: list[str] = []
    chat = Chat(model or Echo(), Settings(), shown.append)
    for line in lines:
        assert chat.take(line)
    return chat, "".join(shown)


def test_turns_are_answered_one_after_the_other() -> None:
    model = Echo()
    chat, shown = session("a", "# b", "", model=model)
    assert shown == "a = 0\nb = 0\n"
    assert chat.conversation.script().endswith("# a\na = 0\n\n\n# b\nb = 0\n\n\n")
    assert model.prompts[1].endswith("# a\na = 0\n\n\n# b\n")


def test_undo_and_retry() -> None:
    chat, shown = session("a", "b", "/retry", "/retry", "/undo", "/show")
    assert [turn.code for turn in chat.conversation.turns] == ["a = 0\n"]
    assert shown.startswith("a = 0\nb = 0\nb = 1\nb = 2\nforgotten: b\n# Import libraries.")
    assert shown.endswith("# a\na = 0\n")
    assert session("/undo", "/retry")[1] == "there is no turn yet\n" * 2


def test_what_the_model_wrote_before_ctrl_c_stays() -> None:
    chat, shown = session("stop", "b")
    assert shown == "stop = \n(stopped)\nb = 0\n"
    assert chat.conversation.turns[0].code == "stop = "


def test_a_full_context_forgets_the_oldest_turns_with_a_word() -> None:
    _, shown = session("a", "b", "c", model=Echo(room=68))
    assert "sees the last 1 of 2 turns" in shown
    assert "too long for the model's context" in session("a" * 100, model=Echo(room=68))[1]


def test_a_program_is_saved_and_nothing_else_overwritten(tmp_path: Path) -> None:
    file, there = tmp_path / "program.py", tmp_path / "there.py"
    there.write_text("mine")
    chat, shown = session("a", f"/save {file}", "b", f"/save {file}", f"/save {there}", "/save", "/nothing", "/help")
    assert file.read_text() == chat.conversation.script()
    assert there.read_text() == "mine" and "is there already" in shown
    assert "/save needs a file" in shown and "there is no command /nothing" in shown and "/retry" in shown


def test_a_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_program(source: str, limits: Limits | None = None, stdin: bytes = b"") -> Result:
        return Result(Ending.FAILED, 1, source[-8:].encode(), b"NameError\n", 0.25)

    monkeypatch.setattr(codemill.chat, "run_program", run_program)
    assert session("a", "/run")[1] == "a = 0\na = 0\n\n\nNameError\n(failed, status 1, 0.2 s)\n"


def test_nothing_that_moves_a_cursor_is_printable() -> None:
    assert printable("a\tb\n") == "a\tb\n"
    assert printable("\x1b[2Jé\r\x9b\b") == "\ufffd[2Jé\ufffd\ufffd\ufffd"


def test_lines_end_the_session(capsys: pytest.CaptureFixture[str]) -> None:
    model = Echo()
    chat(model, Settings(), ["a\n", "/quit\n", "b\n"])
    assert capsys.readouterr().out == "a = 0\n" and len(model.prompts) == 1
