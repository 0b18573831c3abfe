"""The order of a repository's files: what a file imports stands before it, and as near as can be.

Files are taken in the order of their paths; before a file come the files it imports, each after its own. Among
files that import each other in a circle the first by path comes last. DeepSeek-Coder (Guo et al. 2024) orders files by
how many of their imports are still missing, which keeps the rule too but spreads a file and its imports over the
whole repository; records are short, so nearness counts here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_PROVIDERS = 64
"""A name that more files go by orders none of them."""


def dependency_order(provides: Sequence[NDArray[np.uint64]], requires: Sequence[NDArray[np.uint64]]) -> list[int]:
    """An order of files, given in the order of their paths.

    Args:
        provides: hashes of the names of each file.
        requires: hashes of the names that each file imports.

    Returns:
        Indices of the files.
    """
    owners: dict[int, list[int]] = {}
    for file, names in enumerate(provides):
        for name in names.tolist():
            owners.setdefault(name, []).append(file)
    imports = [
        sorted({owner for name in names.tolist() for owner in _few(owners.get(name, ()))} - {file})
        for file, names in enumerate(requires)
    ]
    order: list[int] = []
    entered = [False] * len(imports)
    for root in range(len(imports)):
        # Depth first, without recursion: a chain of imports may be as long as a repository has files.
        stack = [] if entered[root] else [(root, iter(imports[root]))]
        entered[root] = True
        while stack:
            file, rest = stack[-1]
            following = next((owner for owner in rest if not entered[owner]), None)
            if following is None:
                order.append(file)
                stack.pop()
            else:
                entered[following] = True
                stack.append((following, iter(imports[following])))
    return order


def _few(owners: Sequence[int]) -> Sequence[int]:
    return owners if len(owners) <= MOST_PROVIDERS else ()
