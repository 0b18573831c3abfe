"""The sandbox, in which evaluation runs generated programs: each of its layers is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from codemill.doctor.finding import Finding, note, ok, warning
from evaluation.sandbox.strength import Layer, sandbox_strength
from schemas.errors import CodemillError


def sandbox(strength: Callable[[], Sequence[Layer]] = sandbox_strength) -> Iterator[Finding]:
    """Whether generated programs can be run safely here."""
    try:
        layers = strength()
    except CodemillError as error:
        yield warning("sandbox", error.message, error.remedy)
        return
    missing = [layer for layer in layers if layer.needed and not layer.holds]
    if missing:
        what = "; ".join(f"{layer.name} ({layer.what})" for layer in missing)
        yield warning(
            "sandbox",
            f"does not hold, so that no program is run: {what}",
            "docs/sandbox.md says what a kernel must allow",
        )
    else:
        yield ok("sandbox", f"{sum(layer.holds for layer in layers)} layers hold")
    for layer in layers:
        if not layer.needed and not layer.holds:
            yield note("sandbox", f"does without {layer.name}, which this kernel has not on")
