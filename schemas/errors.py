"""The one exception that reaches a user: what is wrong, where, and what to do about it."""

from __future__ import annotations


class CodemillError(Exception):
    """An error written for people.

    `message` names the file and the place in it; `remedy` says what to do next. The command line prints both on
    one line each and exits with status 2 (bad input or config) or 1 (a check that failed).
    """

    status = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[type[CodemillError], tuple[str, str]]:
        # Exceptions cross process borders between Beam workers and the driver.
        return type(self), (self.message, self.remedy)


class CheckFailed(CodemillError):
    """A snapshot, ledger or plan that does not hold what it promises."""

    status = 1
