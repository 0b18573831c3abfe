"""The one exception that reaches a user: what is wrong, where, and what to do about it."""

from __future__ import annotations


class CodemillError(Exception):
    """An error written for people.

    `message` names the file and the place in it; `remedy` says what to do next. The command line prints both on
    one line each and exits with status 2 (bad input or config) or 1 (a check that failed).
    """

    status = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        # Both, because exceptions are made anew from their arguments when they cross from a Beam worker to the driver.
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class MisplacedValue(ValueError):
    """For checks of a config that look at several keys: which of them is meant, from the checked one on."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


class CheckFailed(CodemillError):
    """A snapshot, ledger or plan that does not hold what it promises."""

    status = 1
