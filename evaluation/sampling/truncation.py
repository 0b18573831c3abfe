"""Where CodeGen ends what a model wrote: the rules of its sampling scripts.

A completion is cut before its second line that begins with `print` and before its second line that begins with `def`;
then before the first line that begins with `#` or three quotes, the separator spelled out, or three newlines.
"""

from __future__ import annotations

import re

_ONCE = tuple(re.compile(f"^{word}", re.MULTILINE) for word in ("print", "def"))
_NEVER = re.compile(r"^#|<\|endoftext\|>|^'''|^\"\"\"|\n\n\n", re.MULTILINE)
MARKS = ("print", "def", "#", "<|endoftext|>", "'''", '"""', "\n\n\n")
"""What a cut can be made before."""


def truncate(completion: str) -> str:
    """The part of a completion that CodeGen keeps."""
    for beginning in _ONCE:
        begins = [found.start() for found in beginning.finditer(completion)]
        completion = completion[: begins[1]] if len(begins) > 1 else completion
    end = _NEVER.search(completion)
    return completion[: end.start()] if end else completion
