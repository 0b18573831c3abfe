"""Pages: templates to one HTML file that is whole, fetches nothing, and runs no script but its own.

Names and texts come from anywhere, so everything is escaped, and a policy in the page names the hash of the one script
that may run: were something not escaped, it would still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from schemas.names import printable
from schemas.reasons import Outcome

DROPPED_WORDS = {
    Outcome.REJECTED: "rejected",
    Outcome.FILTERED: "filtered out",
    Outcome.EXACT_DUPLICATE: "dropped as exact duplicates",
    Outcome.NEAR_DUPLICATE: "as near-duplicates",
}


def render(template: str, contents: Sequence[tuple[str, str]], **values: Any) -> bytes:
    """Fill in a page.

    Args:
        template: its name in `codemill/templates/report/`.
        contents: anchors of its sections, with what the navigation calls them.
        values: what the template names.
    """
    script = _own("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    text = (
        _environment()
        .get_template(template)
        .render(
            contents=contents,
            version=version("codemill"),
            style=Markup(_own("style.css")),
            script=Markup(script),
            script_hash=f"sha256-{digest}",
            **values,
        )
    )
    # A lone surrogate, as an undecodable file name has it, is no text for a browser.
    return text.encode("utf-8", "replace")


def _own(name: str) -> str:
    return files("codemill.templates").joinpath("report", name).read_text(encoding="utf-8")


def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("codemill", "templates/report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        count=lambda number: f"{number:,}",
        about=about,
        count_or_dash=lambda number: f"{number:,}" if number else "-",
        size=size,
        percent=lambda share: f"{share:.1%}",
        share_of=lambda part, whole: f"{part / max(1, whole):.1%}",
        value=lambda number: f"{number:.6g}",
        words=lambda name: str(name).replace("_", " ").replace(":", ": "),
        short=lambda step: str(step).replace("_duplicate", " dup."),
        dropped_words=lambda step: DROPPED_WORDS[step],
        printable=lambda text: printable(text or ""),
        svg=Markup,  # charts are drawn here, with every name in them escaped
    )
    return found


def about(number: int) -> str:
    """A large number in four digits: 149.2 M."""
    for unit, one in (("T", 1e12), ("G", 1e9), ("M", 1e6)):
        if number >= 10 * one or (unit == "T" and number >= one):
            return f"{number / one:,.1f} {unit}"
    return f"{number:,}"


def size(number: float) -> str:
    """Bytes for people: 12.3 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"
