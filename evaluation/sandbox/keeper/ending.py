"""How a program can end."""

from enum import StrEnum


class Ending(StrEnum):
    """The first of these that happened to a program."""

    FINISHED = "finished"
    """It exited with status 0."""
    FAILED = "failed"
    """It exited with another status: an exception, most often a limit that the program itself was told of."""
    KILLED = "killed"
    """A signal ended it: a crash, or its own doing."""
    TIMED_OUT = "timed out"
    """Its seconds, or the CPU seconds of all its processes, were used up."""
    OUT_OF_MEMORY = "out of memory"
    """All its processes together held more than its memory."""
    TOO_MUCH_OUTPUT = "too much output"
    """It wrote more to standard output or standard error than is kept."""
