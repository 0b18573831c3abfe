"""Programs beside codemill that some ways of running it want."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence

from codemill.doctor.accelerators import Asked, ask
from codemill.doctor.finding import Finding, note, ok

LEAST_JAVA = 11
_SECONDS = 20.0

Find = Callable[[str], str | None]
Run = Callable[[Sequence[str]], Asked]


def _ask(command: Sequence[str]) -> Asked:
    return ask(command, _SECONDS)


def java(find: Find = shutil.which, run: Run = _ask) -> Iterator[Finding]:
    """Java, for Beam's job servers of Flink and Spark."""
    path = find("java")
    remedy = f"install Java {LEAST_JAVA} or later to build on Flink or Spark"
    if path is None:
        yield note("Java", "not there; Flink and Spark need it, nothing else", remedy)
        return
    asked = run([path, "-version"])
    # Java 8 calls itself 1.8.
    found = re.search(r'version "(?:1\.)?(\d+)', asked.errors + asked.output)
    if asked.status != 0 or found is None:
        yield note("Java", f"{path} does not tell its version", remedy)
    elif int(found[1]) < LEAST_JAVA:
        yield note("Java", f"{found[1]}, too old for Flink and Spark; nothing else needs it", remedy)
    else:
        yield ok("Java", f"{found[1]}, for Flink and Spark")


def docker(find: Find = shutil.which) -> Iterator[Finding]:
    """Docker, to make an image for Dataflow's workers."""
    if find("docker"):
        yield ok("Docker", "there, to make images for Dataflow's workers")
    else:
        yield note("Docker", "not there; only images for Dataflow's workers need it", "docs/running-on-dataflow.md")


def gcloud(find: Find = shutil.which) -> Iterator[Finding]:
    """The Google Cloud CLI, by which a person signs in."""
    if find("gcloud"):
        yield ok("gcloud", "there, to sign in to Google Cloud")
    else:
        yield note("gcloud", "not there; only gs://, BigQuery and Dataflow want it", "install the Google Cloud CLI")
