"""From what was found to sources and stages: prose first, then several languages, then Python, as CodeGen learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from codemill.initial.found import Found
from codemill.initial.kinds import MARKUP, PROSE, Kind

OWN_STAGE = 0.1
"""Least share of the code that is Python, and that is not, for Python to have a stage of its own."""
PROSE_SHARE = 0.05
"""Least share of prose beside code for it to be taken."""

_PARTS = {"nl": "prose", "multi": "code", "mono": "python"}


@dataclass(frozen=True)
class Source:
    """One source of the config."""

    name: str
    found: Found
    languages: tuple[str, ...]
    """What is taken; none for JSON Lines, whose language is one for all."""
    text_bytes: int
    """Bytes of text in these languages, about."""
    others: tuple[tuple[str, int], ...] = ()
    """Languages that are there and that no stage takes, with their bytes of text, the most first."""


@dataclass(frozen=True)
class Stage:
    """One stage of the config; `name` is nl, multi or mono."""

    name: str
    sources: tuple[Source, ...]

    @property
    def text_bytes(self) -> int:
        """Bytes of text, about."""
        return sum(source.text_bytes for source in self.sources)


def stages_of(found: Sequence[Found]) -> tuple[Stage, ...]:
    """Which stages there are and what feeds them; of a kind with several languages each stage takes its own."""
    code = sum((_code(each) for each in found), Counter[str]())
    python = code["python"] / code.total() if code.total() else 0.0
    sources: dict[str, list[Source]] = {stage: [] for stage in _PARTS}
    taken: Counter[str] = Counter()
    for each in found:
        shares = _shares(each, python, is_all_prose=not code)
        used = {language for languages in shares.values() for language in languages}
        others = [(name, size) for name, size in each.languages.items() if name and name not in used]
        for stage, languages in shares.items():
            name = _base(each) + (f"-{_PARTS[stage]}" if len(shares) > 1 else "")
            taken[name] += 1
            sources[stage].append(
                Source(
                    f"{name}-{taken[name]}" if taken[name] > 1 else name,
                    each,
                    languages,
                    sum(each.languages[language] for language in languages) if languages else each.text_bytes,
                    tuple(sorted(others, key=lambda other: (-other[1], other[0]))),
                )
            )
    return tuple(Stage(stage, tuple(own)) for stage, own in sources.items() if own)


def _shares(found: Found, python: float, *, is_all_prose: bool) -> dict[str, tuple[str, ...]]:
    """Stage -> the languages that it takes of one kind of data; no languages where there are none to tell apart.

    Args:
        found: the data.
        python: the share of Python in all code.
        is_all_prose: whether there is no code at all.
    """
    if found.kind is Kind.PILE:
        return {"nl": ()}
    code = _code(found)
    prose = Counter({name: size for name, size in found.languages.items() if name in PROSE})
    mono = Counter({name: size for name, size in code.items() if name == "python"})
    shares: dict[str, Counter[str]] = {}
    if is_all_prose or prose.total() > PROSE_SHARE * (code + prose).total():
        shares["nl"] = prose
    if python > 1 - OWN_STAGE:
        shares["mono"] = mono
    elif python >= OWN_STAGE:
        shares |= {"multi": code - mono, "mono": mono}
    else:
        shares["multi"] = code
    return {stage: tuple(sorted(languages)) for stage, languages in shares.items() if languages}


def _code(found: Found) -> Counter[str]:
    return Counter({name: size for name, size in found.languages.items() if name and name not in PROSE | MARKUP})


def _base(found: Found) -> str:
    match found.kind:
        case Kind.PILE:
            return "pile" if found.subsets else "texts"
        case Kind.GIT:
            return "repositories"
        case Kind.TREE:
            return "files"
        case _:
            return "github"
