"""Google's application default credentials: whether there are any, and whose. Nothing secret is kept or told."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from codemill.doctor.accelerators import Asked, ask
from codemill.doctor.finding import Finding, broken, note, ok, warning

SECONDS = 15.0
_SIGN_IN = "gcloud auth application-default login"
_ASK_MACHINE = (
    "import google.auth; found = google.auth.default()[0]; "
    "print(type(found).__name__, getattr(found, 'service_account_email', ''))"
)


def _ask(command: Sequence[str]) -> Asked:
    return ask(command, SECONDS)


def credentials(
    needed: bool,
    environment: Mapping[str, str] = os.environ,
    home: Path | None = None,
    run: Callable[[Sequence[str]], Asked] = _ask,
) -> Iterator[Finding]:
    """Which credentials gs:// and BigQuery would be asked with.

    Args:
        needed: whether one of these is named; only then a machine of Google's is asked for its own, over the network.
        environment: variables.
        home: the user's folder.
        run: starts a program with a time limit.
    """
    if "STORAGE_EMULATOR_HOST" in environment:
        yield ok("credentials", "none needed: STORAGE_EMULATOR_HOST names another server than Google's")
        return
    named = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        yield from _file(Path(named), "the file in GOOGLE_APPLICATION_CREDENTIALS")
        return
    base = environment.get("CLOUDSDK_CONFIG")
    folder = Path(base) if base else (home or Path.home()) / ".config" / "gcloud"
    own = folder / "application_default_credentials.json"
    if own.exists():
        yield from _file(own, "gcloud's")
    elif not needed:
        yield note("credentials", "no file with any; only gs:// and BigQuery ask for them", _SIGN_IN)
    else:
        asked = run([sys.executable, "-c", _ASK_MACHINE])
        if asked.status == 0:
            yield ok("credentials", f"the machine's own: {' '.join(asked.output.split())}")
        else:
            # Public buckets can be read without.
            yield warning("credentials", "none: no file, and no machine of Google's that has its own", _SIGN_IN)


def _file(path: Path, what: str) -> Iterator[Finding]:
    remedy = f"{_SIGN_IN}, or name another file in GOOGLE_APPLICATION_CREDENTIALS"
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        yield broken("credentials", f"{what}, {path}, cannot be read: {error.strerror}", remedy)
        return
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        yield broken("credentials", f"{what}, {path}, holds no credentials", remedy)
        return
    account = content.get("client_email") or content.get("account") or ""
    # Kind and account alone: everything else in the file may be a secret.
    yield ok(
        "credentials", f"{what}: {content['type']}" + (f" {account}" if isinstance(account, str) and account else "")
    )
