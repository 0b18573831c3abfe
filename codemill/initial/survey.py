"""What a folder holds, kind by kind: every name is looked at, and the first rows of some of the files."""

from __future__ import annotations

from codemill.initial.data_files import data_files
from codemill.initial.found import Looked
from codemill.initial.listing import Listing
from codemill.initial.repositories import repositories
from codemill.initial.trees import trees


def survey(folder: str, listing: Listing) -> Looked:
    """Look into what a listing names; what one kind takes is not offered to the next.

    Raises:
        StorageError: a file cannot be read.
    """
    data, plain = data_files(folder, listing)
    if listing.repositories:
        data += repositories(folder, listing.repositories)
    return data + trees(folder, plain, listing.repositories)
