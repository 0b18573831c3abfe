"""Special tokens: ids that stand between stretches of text and that no text encodes to."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from schemas.errors import CodemillError

_NAME = re.compile(r"[^\s\u2581]+")


def check_specials(specials: Sequence[str], taken: Collection[str]) -> None:
    """Refuse names that cannot become special tokens of a tokenizer.

    Args:
        specials: the names to add, in the order of their ids.
        taken: the tokens that the vocabulary has already.

    Raises:
        CodemillError: a name is empty, holds white space, is named twice or is a token already.
    """
    for i, name in enumerate(specials):
        if not _NAME.fullmatch(name):
            raise CodemillError(
                f"the special token {name!r} is empty or holds white space", "name it like <|fim_prefix|>"
            )
        if name in taken or name in specials[:i]:
            raise CodemillError(f"the special token {name!r} is a token already", "choose another name")
