"""Why something that was read is not in the snapshot: the complete list."""

from __future__ import annotations

from enum import StrEnum


class Reject(StrEnum):
    """Input that could not become a document."""

    UNREADABLE_FILE = "unreadable_file"
    TRUNCATED_FILE = "truncated_file"
    CORRUPT_FILE = "corrupt_file"
    MISSING_REVISION = "missing_revision"
    WRONG_COLUMNS = "wrong_columns"
    MALFORMED_JSON = "malformed_json"
    MISSING_TEXT = "missing_text"
    SYMBOLIC_LINK = "symbolic_link"
    SUBMODULE = "submodule"
    LFS_POINTER = "lfs_pointer"
    NOT_UTF8 = "not_utf8"
    NUL_BYTE = "nul_byte"
    LONE_SURROGATE = "lone_surrogate"
    EMPTY_DOCUMENT = "empty_document"
    TOO_LARGE = "too_large"


class Outcome(StrEnum):
    """What became of a document; the ledger sums to these.

    `REJECTED` and `FILTERED` carry a detail after a colon, the reject reason or the first failed rule.
    """

    KEPT = "kept"
    NOT_SELECTED = "not_selected"
    REJECTED = "rejected"
    FILTERED = "filtered"
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"

    def because(self, detail: str) -> str:
        """The outcome with its detail, for example `filtered:longest_line`."""
        return f"{self.value}:{detail}"
