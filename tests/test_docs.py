"""Every link leads somewhere, every page is in the site's navigation, every command line shown is one of codemill's."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from codemill.cli import app

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS, *sorted((ROOT / "benchmarks").glob("*.md"))]

FENCE = re.compile(r"^ *(```|~~~)")
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} +(.*?) *#*$")
ENDS = {"|", ">", "<", "&&", "||", ";", "&", "2>"}
"""Where a shell ends a command's own words."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def split_fences(text: str) -> tuple[list[str], list[str]]:
    """A page's lines outside and inside code blocks; a block indented by four spaces is inside, too."""
    outside, inside, fenced = [], [], False
    for line in text.splitlines():
        if FENCE.match(line):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            inside.append(line)
        else:
            outside.append(line)
    return outside, inside


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub and the site make it: words in lower case with dashes between."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain).strip().lower().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    outside, _ = split_fences(page.read_text(encoding="utf-8"))
    return {slug(match[1]) for line in outside if (match := HEADING.match(line))}


def links(page: Path) -> Iterator[str]:
    outside, _ = split_fences(page.read_text(encoding="utf-8"))
    # A link's words may go over the end of a line; what is in backquotes is none.
    yield from LINK.findall(re.sub(r"`[^`]*`", "`code`", "\n".join(outside)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{name_of(page)}: there is no {link}"
        assert found.is_relative_to(ROOT), f"{name_of(page)}: {link} leaves the repository"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{name_of(page)}: {link} names no heading"


def test_links_are_found_at_all() -> None:
    assert sum(1 for page in PAGES for _ in links(page)) > 100
    assert "docs/determinism.md" in links(ROOT / "README.md")


def navigation(entries: list[Any]) -> Iterator[str]:
    """The pages of a navigation, in order, however deep."""
    for entry in entries:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else navigation(value)


def test_the_navigation_names_every_page_once_and_no_other() -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    named = list(navigation(settings["project"]["nav"]))
    assert len(named) == len(set(named))
    assert set(named) == {name_of(page) for page in PAGES} | {"CHANGELOG.md"}


def test_every_page_of_docs_can_be_found_from_the_index() -> None:
    index = {link.partition("#")[0] for link in links(ROOT / "docs" / "index.md")}
    assert {page.name for page in DOCS} - {"index.md"} <= index


@dataclass(frozen=True)
class CommandLine:
    """A `codemill ...` in a code block, or between backquotes."""

    page: str
    words: tuple[str, ...]
    """Behind `codemill`, up to a pipe or the next command."""

    def __str__(self) -> str:
        return f"{self.page}: codemill {' '.join(self.words)}"


def command_lines(page: Path) -> Iterator[CommandLine]:
    outside, inside = split_fences(page.read_text(encoding="utf-8"))
    text = re.sub(r"\\\n\s*", "", "\n".join(inside))
    quoted = re.findall(r"`(codemill [^`]*)`", " ".join(outside))
    for line in [*text.splitlines(), *quoted]:
        start = re.search(r"(?:^\s*(?:\$ |#\s+)?|[|;&]\s*)codemill (?=[a-z-])", line)
        if not start:
            continue
        rest = re.split(r"\s{2,}|\s#", line[start.end() :])[0]  # an explanation stands two spaces behind
        words = shlex.split(rest.replace("...", ""))
        ends = [index for index, word in enumerate(words) if word in ENDS]
        yield CommandLine(name_of(page), tuple(words[: ends[0]] if ends else words))


def problem(line: CommandLine) -> str | None:
    """What is wrong with a command line, in words."""
    command: Any = get_command(app)
    words = list(line.words)
    while isinstance(command, TyperGroup):
        if not words or words[0].startswith("-") or words[0].isupper():
            break
        name = words.pop(0)
        if name not in command.commands:
            return f"there is no command {name!r}"
        command = command.commands[name]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word == "--":  # Beam's options
            break
        name = word.partition("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", name) and name not in options | {"--help"}:
            return f"`{command.name}` has no option {name!r}"
    return None


LINES = [line for page in PAGES for line in command_lines(page)]


def test_command_lines_are_those_of_the_program() -> None:
    wrong = [f"{line}: {why}" for line in LINES if (why := problem(line))]
    assert not wrong, "\n".join(wrong)


def test_command_lines_are_found_at_all() -> None:
    assert len(LINES) > 80
    shown = {line.words[0] for line in LINES}
    program: Any = get_command(app)
    commands = set(program.commands)
    assert commands <= shown, f"no page shows {', '.join(sorted(commands - shown))}"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("biuld CONFIG", "no command 'biuld'"),
        ("build CONFIG --ouput SNAPSHOT", "no option '--ouput'"),
        ("build CONFIG -x SNAPSHOT", "no option '-x'"),
        ("evaluate humanevil", "no command 'humanevil'"),
        ("evaluate humaneval --turns 1", "no option '--turns'"),
        ("build CONFIG -- --runner=DataflowRunner --ouput", None),
        ("evaluate humaneval --model RUN --temperature=0.2", None),
        ("train PLAN -o RUN --wait", None),
    ],
)
def test_a_wrong_command_line_would_be_told(words: str, why: str | None) -> None:
    told = problem(CommandLine("made up", tuple(words.split())))
    assert told is None if why is None else told is not None and why in told
