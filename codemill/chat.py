"""`codemill chat`: a program written in turns on a terminal, or from lines on standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from codemill.screen.terminal import ctrl_c, printable
from evaluation.conversation import Conversation, Turn
from evaluation.sampling.settings import Settings
from evaluation.sampling.stops import CODEGEN, Stops
from evaluation.sandbox import Ending, run_program
from schemas.errors import CodemillError
from storage.files import exists, write_atomic

HELP = """\
Type what the program should do next, in one line; the model writes the code for it.
  /retry      another answer to the last line
  /undo       forget the last line and its code
  /show       the whole program
  /run        run it in a sandbox
  /save FILE  write it to a file
  /quit       end, as does Ctrl-D; Ctrl-C stops the model"""


class Model(Protocol):
    """What a Sampler is to this file."""

    def fits(self, text: str, settings: Settings) -> bool:
        """Whether a text and the new tokens fit the context."""

    def stream(self, prompt: str, settings: Settings, sample: int = 0, stops: Stops = ...) -> Iterator[str]:
        """A continuation in pieces."""


class Chat:
    """One session.

    Args:
        model: writes the code.
        settings: how.
        show: prints a piece of text at once, without a line's end of its own.
    """

    def __init__(self, model: Model, settings: Settings, show: Callable[[str], None]) -> None:
        self._model = model
        self._settings = settings
        self._show = show
        self._saved: set[str] = set()
        self.conversation = Conversation()

    def take(self, line: str) -> bool:
        """Do what one line says; whether the session goes on."""
        line = line.strip()
        try:
            if line == "/quit":
                return False
            if line.startswith("/"):
                self._command(*line.split(maxsplit=1))
            elif line:
                self._answer(line.lstrip("# "), 0)
        except CodemillError as error:
            self._say(str(error))
        return True

    def _command(self, name: str, argument: str = "") -> None:
        last = self.conversation.turns[-1:]
        if name == "/help":
            self._say(HELP)
        elif name == "/show":
            self._say(self.conversation.script().rstrip("\n"))
        elif name == "/save":
            self._save(argument)
        elif name == "/run":
            self._run()
        elif name not in ("/undo", "/retry"):
            self._say(f"there is no command {name}; /help lists them")
        elif not last:
            self._say("there is no turn yet")
        else:
            self.conversation = self.conversation.undone()
            if name == "/undo":
                self._say(f"forgotten: {last[0].request}")
            else:
                self._answer(last[0].request, last[0].sample + 1)

    def _answer(self, request: str, sample: int) -> None:
        prompt = self.conversation.prompt(request, lambda text: self._model.fits(text, self._settings))
        if prompt.dropped:
            turns = len(self.conversation.turns)
            self._say(f"(the context is full: the model sees the last {turns - prompt.dropped} of {turns} turns)")
        code = ""
        with ctrl_c() as pressed:
            for piece in self._model.stream(prompt.text, self._settings, sample, CODEGEN):
                code += piece
                self._show(piece)
                if pressed.is_set():
                    break
        self._show("\n" if code and not code.endswith("\n") else "")
        if pressed.is_set():
            self._say("(stopped)")
        elif not code.strip():
            self._say("(no code; /retry for another answer)")
        self.conversation = self.conversation.then(Turn(request, code, sample))

    def _run(self) -> None:
        result = run_program(self.conversation.script())
        for output in (result.stdout, result.stderr):
            self._show(output.decode("utf-8", "replace"))
        status = f", status {result.status}" if result.ending in (Ending.FAILED, Ending.KILLED) else ""
        self._say(f"({result.ending}{status}, {result.seconds:.1f} s)")

    def _save(self, file: str) -> None:
        if not file:
            raise CodemillError("/save needs a file", "say /save FILE")
        if exists(file) and file not in self._saved:
            raise CodemillError(f"{file} is there already", "choose another name")
        write_atomic(file, self.conversation.script().encode())
        self._saved.add(file)
        self._say(f"saved: {file}")

    def _say(self, words: str) -> None:
        self._show(f"{words}\n")


def chat(model: Model, settings: Settings, lines: Iterable[str]) -> None:
    """Take lines until they end or one of them ends the session."""
    terminal = sys.stdout.isatty()

    def show(text: str) -> None:
        print(printable(text) if terminal else text, end="", flush=True)

    session = Chat(model, settings, show)
    for line in lines:
        try:
            if not session.take(line):
                return
        except KeyboardInterrupt:
            show("(stopped)\n")
