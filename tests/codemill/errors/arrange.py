"""What lies in a case's directory before its command: a good config and plan with one thing changed, or a snapshot."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from schemas.manifest import MANIFEST_NAME

CONFIG = """\
name: corpus
sources:
  github:
    kind: directory
    paths: [data]
    languages: [python]
    filters: codegen
stages:
  mono:
    sources: [github]
shards:
  context_length: 32
"""
PLAN = """\
name: small
model:
  layers: 1
  heads: 2
  head_dim: 8
  rotary_dim: 4
  vocabulary_rows: 512
  context_length: 32
stages:
  - name: mono
    snapshot: snapshot
    steps: 10
    batch_sequences: 4
    learning_rate: {peak: 0.001, end: 0.0001, warmup_steps: 2, anneal_steps: 8}
"""
MODEL = Path(__file__).parents[2] / "golden" / "codegen-tiny"


class Arranger:
    """Puts files into a directory.

    Args:
        here: the case's directory.
        built: a finished snapshot, of which copies are taken.
        answer: makes the storage service answer every request with a status.
    """

    def __init__(self, here: Path, built: Path, answer: Callable[[int], None]) -> None:
        self._here = here
        self._built = built
        self._answer = answer

    def arrange(self, words: str) -> None:
        """Do what the words of a case say: lines of a method's name and its arguments, quoted as for a shell."""
        for line in words.splitlines():
            name, *arguments = shlex.split(line)
            getattr(self, name)(*(argument.replace("\\n", "\n").replace("\\t", "\t") for argument in arguments))

    def config(self, old: str = "", new: str = "") -> None:
        """A config with one thing changed."""
        self.file("corpus.yaml", _changed(CONFIG, old, new))
        self.file("data/project/hello.py", "print('hello')\n")

    def plan(self, old: str = "", new: str = "") -> None:
        """A plan with one thing changed."""
        self.file("plan.yaml", _changed(PLAN, old, new))

    def file(self, name: str, text: str = "") -> None:
        """A file with a text."""
        path = self._here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def binary(self, name: str) -> None:
        """A file that is no text."""
        (self._here / name).write_bytes(bytes(range(128, 256)) * 3)

    def directory(self, name: str) -> None:
        """An empty directory."""
        (self._here / name).mkdir(parents=True)

    def snapshot(self) -> None:
        """A finished snapshot."""
        shutil.copytree(self._built, self._here / "snapshot")

    def manifest(self, old: str, new: str) -> None:
        """A snapshot whose manifest has one thing changed."""
        self.snapshot()
        path = self._here / "snapshot" / MANIFEST_NAME
        path.write_text(_changed(path.read_text(encoding="utf-8"), old, new), encoding="utf-8")

    def cut(self, name: str, size: str) -> None:
        """A file of the snapshot that has lost all behind its first bytes."""
        os.truncate(self._here / "snapshot" / name, int(size))

    def remove(self, name: str) -> None:
        """A file that is gone."""
        (self._here / name).unlink()

    def unpublished(self) -> None:
        """A snapshot whose build was ended before its manifest."""
        self.snapshot()
        self.remove(f"snapshot/{MANIFEST_NAME}")

    def storage(self, status: str) -> None:
        """A storage service that answers every request so."""
        self._answer(int(status))

    def run(self) -> None:
        """A run's directory before its first checkpoint."""
        self.file("run/plan.json", '{"name": "small", "model": "tiny", "stages": [' + _STAGE + "]}")

    def model(self, without: str = "") -> None:
        """A Hugging Face model with a tokenizer, perhaps without one of its files."""
        shutil.copytree(MODEL, self._here / "model")
        shutil.copytree(self._built / "tokenizer", self._here / "model", dirs_exist_ok=True)
        if without:
            self.remove(f"model/{without}")


_STAGE = (
    '{"name": "mono", "snapshot": "snapshot", "steps": 10, "batch_sequences": 4, "learning_rate": '
    '{"peak": 0.001, "end": 0.0001, "warmup_steps": 2, "anneal_steps": 8}}'
)


def _changed(text: str, old: str, new: str) -> str:
    assert old in text, f"{old!r} is not there to be changed"
    return text.replace(old, new, 1) if old else text + new
