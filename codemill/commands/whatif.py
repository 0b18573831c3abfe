"""`codemill whatif`."""

from __future__ import annotations

from typing import Annotated

import typer

from codemill.commands.completion import rules
from codemill.commands.options import Snapshot


def whatif(
    snapshot: Snapshot,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            help="RULE=NUMBER, or RULE.LANGUAGE=NUMBER for one language; repeatable.",
            autocompletion=rules,
        ),
    ],
) -> None:
    """Say which documents other filter thresholds would keep or drop.

    From the signals that the snapshot stores; nothing is read or built again. `codemill report` shows its rules.

    Example: codemill whatif snapshots/demo --set longest_line=2000 --set mean_line_length.python=80
    """
    from codemill.screen.progress import make_console
    from codemill.whatif.recount import parse_change, what_if
    from codemill.whatif.tables import print_answer
    from schemas.manifest import load_manifest

    parsed = [parse_change(change) for change in changes]
    print_answer(make_console(), what_if(snapshot, load_manifest(snapshot), parsed))
