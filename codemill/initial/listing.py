"""What lies in a folder, local or gs://: names and sizes, and where Git repositories are. Nothing is opened."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from storage.errors import explained
from storage.files import TEMPORARY_PREFIX
from storage.objects import objects_below
from storage.uris import is_remote, local_path, object_path

MOST_FILES = 100_000
"""Names that are looked at; of a folder with more, those nearest to its top come first."""


class File(NamedTuple):
    """A file that was found."""

    relative: str
    """Its name from the folder on."""
    size: int
    """Bytes as stored."""
    link: bool = False
    """Whether it is a symbolic link to a file: readers of trees pass those over."""

    @property
    def folder(self) -> str:
        """The name of the folder it lies in; "" for the folder that was looked at."""
        return self.relative.rpartition("/")[0]


@dataclass(frozen=True)
class Listing:
    """What is in a folder."""

    files: tuple[File, ...]
    """In the order of their names' bytes; none that lies in a repository or below a name that begins with a dot."""
    repositories: tuple[str, ...]
    """Names of the Git repositories, "" where the folder itself is one; on gs:// none are looked for."""
    complete: bool
    """Whether every name was seen."""


def list_folder(folder: str, limit: int = MOST_FILES) -> Listing:
    """Look at the names in a folder and below it, `limit` files at most.

    Raises:
        StorageError: it is not there, is a file, or cannot be listed.
    """
    files, repositories, complete = _objects(folder, limit) if is_remote(folder) else _walk(local_path(folder), limit)
    return Listing(
        tuple(sorted(files, key=lambda file: os.fsencode(file.relative))),
        tuple(sorted(repositories, key=os.fsencode)),
        complete,
    )


def is_repository(folder: str) -> bool:
    """Whether a local folder is a Git repository, bare or checked out."""
    return os.path.exists(os.path.join(folder, ".git")) or (
        os.path.isfile(os.path.join(folder, "HEAD")) and os.path.isdir(os.path.join(folder, "objects"))
    )


def _walk(root: str, limit: int) -> tuple[list[File], list[str], bool]:
    """Level by level, so that a limit leaves out what lies deep rather than what comes late."""
    if not os.path.isdir(root):
        raise explained(root, "list", NotADirectoryError() if os.path.exists(root) else FileNotFoundError())
    if is_repository(root):
        return [], [""], True
    files: list[File] = []
    repositories: list[str] = []
    waiting = deque([""])
    while waiting:
        folder = waiting.popleft()
        path = os.path.join(root, folder)
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            raise explained(path, "list", error) from None
        for entry in entries:
            if entry.name.startswith(".") or entry.name.startswith(TEMPORARY_PREFIX):
                continue
            if entry.is_dir(follow_symlinks=False):
                if is_repository(entry.path):
                    repositories.append(folder + entry.name)
                else:
                    waiting.append(f"{folder}{entry.name}/")
            elif entry.is_file():
                if len(files) == limit:
                    return files, repositories, False
                files.append(File(folder + entry.name, entry.stat().st_size, entry.is_symlink()))
    return files, repositories, True


def _objects(root: str, limit: int) -> tuple[list[File], list[str], bool]:
    skipped = len(object_path(root).partition("/")[2])
    found = list(islice(objects_below(root, limit=limit + 1), limit + 1))
    named = [File(item.name[skipped:].lstrip("/"), item.size) for item in found[:limit]]
    return [file for file in named if not _hidden(file.relative)], [], len(found) <= limit


def _hidden(relative: str) -> bool:
    return any(part.startswith(".") for part in relative.split("/"))
