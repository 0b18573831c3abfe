from __future__ import annotations

import re

from rich.console import Console

from codemill.diff.compare import Difference
from codemill.diff.documents import Documents, Transition
from codemill.diff.inputs import SourceInput
from codemill.diff.settings import Setting
from codemill.diff.shards import SplitShards
from codemill.diff.tables import print_difference
from codemill.diff.tokens import Share, StageTokens
from schemas.ledger import Amount


def shown(difference: Difference, limit: int = 2) -> str:
    console = Console(width=200, force_terminal=False)
    with console.capture() as capture:
        print_difference(console, difference, "one", "other", limit)
    return capture.get()


def test_equal_digests_are_one_line() -> None:
    assert shown(Difference("d", "d")) == "identical: one and other have digest d\n"


def test_what_does_not_differ_is_said_in_a_line_each() -> None:
    lines = shown(
        Difference("d", "e", (), (), Documents(3, 3, 3, 0, ()), (), (), (SplitShards("s", "train", 4, 0, 0, 0),))
    )
    assert "settings and versions: no difference" in lines and "input: no difference" in lines
    assert "3 in A, 3 in B; 3 the same in both; 0 lost" in lines
    assert "all 4 are byte-equal, so what is trained on is the same" in lines


def test_every_part_is_shown_and_lists_are_cut() -> None:
    units = tuple(f"file-{number}" for number in range(5))
    source = SourceInput("src", Amount(documents=1), Amount(documents=9), {"rejected:x": (1, 2)}, 0, (), (), units)
    moves = Transition("src", "kept", "filtered:[a]", True, 1234, ("src: repo/[b]x.py",))
    text = shown(
        Difference(
            "d",
            "e",
            (Setting("dedup.near.jaccard", 0.8, None), Setting("stages.a.prefix", "", "line\n" * 40)),
            (source,),
            Documents(9, 9, 1, 2, (moves,)),
            (StageTokens("stage", 100, 150),),
            (
                Share("stage", "src", "python", 50, 100, 0.5, 0.667, 16.67),
                Share("stage", "src", "c", 1, 1, 0, 0, 0.001),
            ),
            (SplitShards("stage", "train", 1, 2, 3, 4),),
        )
    )
    assert "dedup.near.jaccard  0.8  -" in text and "line\\nline" in text and "line\n" * 2 not in text
    assert "src: only in B: file-1" in text and "file-2" not in text and "... and 3 more" in text
    assert "src: rejected:x before it became a document: 1 in A, 2 in B" in text
    assert re.search(r"src +kept +filtered:\[a\] +changed +1,234\n", text)
    assert "2 in both under another revision" in text
    assert "src: kept -> filtered:[a], other content" in text and "  repo/[b]x.py\n" in text
    assert "+50.00%" in text and "+16.67" in text and "python" in text and " c " not in text
    assert text.index("byte-equal") < text.index("repo/[b]x.py")
