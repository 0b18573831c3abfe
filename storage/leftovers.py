"""Unfinished files that a killed writer has left."""

from __future__ import annotations

import os

from storage.errors import explained
from storage.files import TEMPORARY_PREFIX
from storage.uris import is_remote, local_path


def delete_unfinished(root: str) -> None:
    """Delete all unfinished files below a directory, in which nobody else may be writing; gs:// never has any.

    Raises:
        StorageError: one cannot be deleted.
    """
    if is_remote(root):
        return
    for folder, _, names in os.walk(local_path(root)):
        for name in names:
            if name.startswith(TEMPORARY_PREFIX):
                try:
                    os.unlink(os.path.join(folder, name))
                except OSError as error:
                    raise explained(os.path.join(folder, name), "delete", error) from None
