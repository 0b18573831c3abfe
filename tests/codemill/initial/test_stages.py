from __future__ import annotations

from collections import Counter

import pytest

from codemill.initial.found import Found
from codemill.initial.kinds import Kind
from codemill.initial.stages import stages_of


def tree(**languages: int) -> Found:
    return Found(Kind.TREE, ("data",), 1, sum(languages.values()), sum(languages.values()), Counter(languages))


PILE = Found(Kind.PILE, ("pile",), 1, 100, 300, subsets=("Books",))
TEXTS = Found(Kind.PILE, ("texts",), 1, 100, 300)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], {}),
        ([PILE], {"nl": {"pile": ()}}),
        ([PILE, TEXTS, TEXTS], {"nl": {"pile": (), "texts": (), "texts-2": ()}}),
        ([tree(python=100)], {"mono": {"files": ("python",)}}),
        ([tree(python=95, go=5)], {"mono": {"files": ("python",)}}),
        ([tree(python=5, go=95)], {"multi": {"files": ("go", "python")}}),
        ([tree(python=50, go=50)], {"multi": {"files-code": ("go",)}, "mono": {"files-python": ("python",)}}),
        ([tree(go=50)], {"multi": {"files": ("go",)}}),
        ([tree(markdown=5, json=50)], {"nl": {"files": ("markdown",)}}),
        ([tree(markdown=1, go=99)], {"multi": {"files": ("go",)}}),
        (
            [tree(markdown=10, go=99)],
            {"nl": {"files-prose": ("markdown",)}, "multi": {"files-code": ("go",)}},
        ),
        ([tree(json=10, yaml=1)], {}),
        # The share of Python is that of all sources together.
        ([tree(python=100), tree(go=30)], {"multi": {"files-2": ("go",)}, "mono": {"files": ("python",)}}),
    ],
)
def test_stages(found: list[Found], expected: dict[str, dict[str, tuple[str, ...]]]) -> None:
    stages = stages_of(found)
    told = {stage.name: {source.name: source.languages for source in stage.sources} for stage in stages}
    assert told == expected
    assert list(told) == [name for name in ("nl", "multi", "mono") if name in told]
    names = [source.name for stage in stages for source in stage.sources]
    assert len(set(names)) == len(names)


def test_what_is_not_taken_is_told() -> None:
    (stage,) = stages_of([tree(python=95, go=4, json=9, markdown=1)])
    (source,) = stage.sources
    assert source.others == (("json", 9), ("go", 4), ("markdown", 1))
    assert source.text_bytes == stage.text_bytes == 95
