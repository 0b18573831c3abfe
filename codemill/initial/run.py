"""`codemill init`: look, choose, write, and say what was found and chosen."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

from codemill.initial.found import Looked
from codemill.initial.kinds import LOOKED_FOR, WORDS, Kind
from codemill.initial.listing import MOST_FILES, Listing, list_folder
from codemill.initial.render import quoted, render_config, render_plan, shell_word
from codemill.initial.sizes import sizes_of
from codemill.initial.stages import Stage, stages_of
from codemill.initial.survey import survey
from codemill.initial.words import count_words, counted, size_words
from schemas.errors import CodemillError
from storage.files import ExistingFile, StorageError, exists, write_atomic, write_new
from storage.uris import is_remote

MOST_LEFT = 8
"""Lines about what is left out."""


def write_initial(folder: str, output: str, plan: str | None, *, force: bool, say: Callable[[str], None]) -> None:
    """Write a config, and a plan if one is wanted, for what lies in a folder.

    Args:
        folder: local or gs://.
        output: where the config goes.
        plan: where the plan goes.
        force: whether files that are there may be replaced.
        say: is given each line for the user.

    Raises:
        CodemillError: the folder is not there, empty or holds nothing that is known; a file is in the way.
        StorageError: something cannot be read or written.
    """
    for path in (output, plan):
        if path is not None and not force and exists(path):
            raise _in_the_way(path)
    folder = folder if folder == "gs://" else folder.rstrip("/") or "/"
    listing = _listed(folder)
    looked = survey(folder, listing)
    stages = stages_of(looked.found)
    for line in _told(folder, listing, looked, stages):
        say(line)
    if not stages:
        raise CodemillError(f"{folder}: nothing in it is known", f"init looks for {LOOKED_FOR}")
    name = _name(folder)
    snapshot = f"snapshots/{name}"
    characters = max(source.found.characters for stage in stages for source in stage.sources)
    sizes = sizes_of(sum(stage.text_bytes for stage in stages), characters)
    _write(output, render_config(folder, name, output, snapshot, stages, sizes), force)
    say(f"wrote {shell_word(output)}: stages {', '.join(stage.name for stage in stages)}")
    if plan is not None:
        _write(plan, render_plan(plan, name, output, snapshot, stages, sizes), force)
        say(f"wrote {shell_word(plan)}: a small model, {counted(len(stages), 'stage')}")
    say(f"next: codemill build {shell_word(output)} --dry-run")


def _listed(folder: str) -> Listing:
    try:
        listing = list_folder(folder)
    except StorageError as error:
        raise CodemillError(error.message, "name a folder with data in it") from None
    if not listing.files and not listing.repositories:
        what = "no object lies below it" if is_remote(folder) else "it is empty"
        raise CodemillError(f"{folder}: {what}", f"put data there or name another folder; init looks for {LOOKED_FOR}")
    return listing


def _told(folder: str, listing: Listing, looked: Looked, stages: tuple[Stage, ...]) -> Iterator[str]:
    files = sum(file.size for file in listing.files)
    repositories = f" and {count_words(len(listing.repositories), Kind.GIT)} of Git" if listing.repositories else ""
    opened = f", the beginning of {looked.opened:,} read" if looked.opened else ""
    seen = f"{count_words(len(listing.files), Kind.TREE)} of {size_words(files)}{repositories}"
    yield f"{quoted(folder)}: {seen} seen{opened}"
    if not listing.complete:
        yield f"  there is more: only the first {MOST_FILES:,} names were looked at"
    for stage in stages:
        for source in stage.sources:
            found = source.found
            languages = f"; {', '.join(source.languages)}" if source.languages else ""
            yield (
                f"  {stage.name}: {WORDS[found.kind]}, {count_words(found.files, found.kind)},"
                f" {size_words(source.text_bytes)} of text{languages} -> source {source.name}"
            )
    taken = [source.found for stage in stages for source in stage.sources]
    for found in looked.found:
        if found not in taken:
            by_size = sorted(found.languages.items(), key=lambda each: (-each[1], each[0]))
            names = ", ".join(name or "no language by its name" for name, _ in by_size[:6])
            yield f"  not taken: {WORDS[found.kind]}, {count_words(found.files, found.kind)}: {names or 'empty'}"
    for line in looked.left[:MOST_LEFT]:
        yield f"  not taken: {line}"
    if looked.left[MOST_LEFT:]:
        yield f"  not taken: {len(looked.left) - MOST_LEFT:,} further kinds of files"


def _name(folder: str) -> str:
    """The folder's own name, as a build may be called."""
    last = folder if is_remote(folder) else os.path.abspath(folder.removeprefix("file://"))
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", last.rpartition("/")[2]).strip("-._")
    return plain or "corpus"


def _write(path: str, text: str, force: bool) -> None:
    if force:
        write_atomic(path, text.encode())
        return
    try:
        write_new(path, text.encode())
    except ExistingFile:
        raise _in_the_way(path) from None


def _in_the_way(path: str) -> CodemillError:
    return CodemillError(f"{path}: is there already", "name another file, or replace it with --force")
