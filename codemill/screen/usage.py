"""What is said about a command that was typed wrongly: the same two lines as about any other error."""

from __future__ import annotations

import re
from typing import Any

import typer
from pydantic import ValidationError

from schemas.errors import CodemillError
from schemas.mistakes import in_words
from schemas.suggest import did_you_mean

UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""What Typer raises; it has carried this class under several names."""


def is_usage_error(error: BaseException) -> bool:
    """Whether an error is about the words on the command line."""
    return isinstance(error, UsageError)


def as_codemill_error(error: Any) -> CodemillError | None:
    """The error in our form; None where it is only a command without arguments, which shows its help.

    Args:
        error: one of Typer's usage errors.
    """
    if "\n" in error.message:
        return None
    context = error.ctx
    command = context.command_path if context else "codemill"
    return CodemillError(
        f"{command.removeprefix('codemill').strip()}: {_words(error)}".removeprefix(": "),
        f"`{command} --help` shows what it takes",
    )


def _words(error: Any) -> str:
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        known = [name for parameter in error.ctx.command.params for name in parameter.opts] if error.ctx else []
        return f"no such option {option}{did_you_mean(option, [*known, '--help'])}"
    words = _plain(error.format_message().removeprefix("Invalid value for "))
    if isinstance(error.__cause__, ValidationError):
        name, problem = words.partition(": ")[0], in_words(error.__cause__.errors()).removesuffix(".")
        found, *choices = re.findall("'([^']*)'", problem) or [""]
        return f"{name}: {problem}{did_you_mean(found, choices)}"
    return words


def _plain(text: str) -> str:
    """Click's sentence as a part of ours."""
    text = re.sub(r"\. Did you mean (.*)\?$", r"; did you mean \1?", text.strip()).removesuffix(".")
    text = re.sub(r"^Got unexpected extra arguments?(?:\(s\))? \((.*)\)$", r"unexpected argument '\1'", text)
    text = re.sub(r"'(-[^']*|[A-Z_]+)'", r"\1", text)
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
