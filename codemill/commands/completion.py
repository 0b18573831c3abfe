"""What the shell is offered for an argument: YAML files, folders, checkpoints, rules.

An empty list hands over to the shell, which then completes names of files by itself, as it does for arguments that say
nothing here. It also knows better what to do with `~`, and with names that have to be quoted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator

import typer

_MOST = 500
_PLAIN = re.compile(r"[\w./+,@%^-]*")
"""Names that a shell takes as they are."""
_SNAPSHOT, _RUN = ("manifest.json",), ("checkpoints", "metrics.jsonl", "config.json")


def yaml_files(incomplete: str) -> list[str]:
    """Names of YAML files, and folders on the way to them."""
    return _offered(incomplete, lambda entry: entry.name.endswith((".yaml", ".yml")), ())


def directories(incomplete: str) -> list[str]:
    """Names of folders."""
    return _offered(incomplete, None, ())


def snapshots(incomplete: str) -> list[str]:
    """Names of snapshots, and folders on the way to them."""
    return _offered(incomplete, None, _SNAPSHOT)


def runs(incomplete: str) -> list[str]:
    """Names of run directories and of directories with a model, and folders on the way to them."""
    return _offered(incomplete, None, _RUN)


def snapshots_and_runs(incomplete: str) -> list[str]:
    """Names of either, and folders on the way to them."""
    return _offered(incomplete, None, (*_SNAPSHOT, *_RUN))


def checkpoints(context: typer.Context, incomplete: str) -> list[str]:
    """Steps of the checkpoints of the run that the line names."""
    run = _named(context, "model", "run")
    if not run or "://" in run:
        return []
    try:
        steps = sorted(int(name) for name in os.listdir(os.path.join(run, "checkpoints")) if name.isdigit())
    except OSError:
        return []
    return [str(step) for step in steps if str(step).startswith(incomplete)]


def rules(context: typer.Context, incomplete: str) -> list[str]:
    """RULE=THRESHOLD of the snapshot that the line names, with the thresholds it was built with."""
    snapshot = _named(context, "snapshot")
    if not snapshot or "://" in snapshot:
        return []
    try:
        with open(os.path.join(snapshot, "manifest.json"), encoding="utf-8") as file:
            sources = json.load(file)["rules"].values()
        thresholds = {
            f"{rule['name']}={value:g}"
            for source in sources
            for rule in source
            for value in [next((rule[key] for key in _COMPARISONS if rule.get(key) is not None), None)]
            if value is not None
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return sorted(each for each in thresholds if each.startswith(incomplete))


def _named(context: typer.Context, *parameters: str) -> str:
    """What the line says for a parameter; behind an option without its value the arguments are not yet shared out."""
    given = next((context.params[name] for name in parameters if context.params.get(name)), None)
    return str(given or next(iter(context.args), ""))


_COMPARISONS = ("below", "at_most", "at_least", "above")

Wanted = Callable[["os.DirEntry[str]"], bool]


def _offered(incomplete: str, wanted: Wanted | None, marks: tuple[str, ...]) -> list[str]:
    """Names that begin so. A shell puts a space behind a single one, which would end the way to what lies in a folder.

    So a folder is never offered alone while there is something in it to go on to.

    Args:
        incomplete: what was typed.
        wanted: which files to offer, or None for folders alone.
        marks: names in a folder that make it what is looked for; it is offered without a slash.
    """
    if "://" in incomplete or incomplete.startswith(("//", "~")):
        return []  # a bucket, whose name bash cuts at the colon; somebody's home
    found = sorted(_names(incomplete, wanted, marks))
    if len(found) == 1 and found[0].endswith("/"):
        inside = sorted(_names(found[0], wanted, marks))
        # Nothing in it that is wanted: the shell may know better, unless the folder itself will do.
        found = [*found, *inside] if inside or wanted is None else []
    return found if all(map(_PLAIN.fullmatch, found)) else []


def _names(start: str, wanted: Wanted | None, marks: tuple[str, ...]) -> Iterator[str]:
    folder, slash, first = start.rpartition("/")
    try:
        with os.scandir(folder + slash or ".") as entries:
            for _, entry in zip(range(_MOST), entries, strict=False):
                if not entry.name.startswith(first) or (entry.name.startswith(".") and not first):
                    continue
                if entry.is_dir():
                    finished = any(os.path.exists(os.path.join(entry.path, mark)) for mark in marks)
                    yield folder + slash + entry.name + ("" if finished else "/")
                elif wanted is not None and wanted(entry):
                    yield folder + slash + entry.name
    except (OSError, ValueError):
        return
