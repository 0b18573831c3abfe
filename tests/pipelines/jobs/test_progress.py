import threading
from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.jobs.progress import Done, Silence, Tally, total, watched
from pipelines.jobs.runner import Runner
from schemas.manifest import load_manifest
from storage.errors import StorageError
from tests.corpus import write_corpus


class Heard(Silence):
    """Remembers the last that it was told of each pass."""

    def __init__(self) -> None:
        self.last: dict[str, Done] = {}
        self.totals: dict[str, int] = {}
        self.notes: list[str] = []
        self._name = ""

    def start(self, name: str, total: int, unit: str) -> None:
        self._name = name
        self.totals[name] = total

    def update(self, done: Done) -> None:
        self.last[self._name] = done

    def finish(self, note: str = "") -> None:
        self.notes.append(note)


def test_each_pass_tells_what_it_did(tmp_path: Path) -> None:
    config = write_corpus(tmp_path / "corpus", documents=30)
    heard = Heard()
    manifest = build(config, str(tmp_path / "snapshot"), Runner(1, heard))
    assert {name: done.parts for name, done in heard.last.items()} == heard.totals
    documents = sum(source.documents for source in manifest.inputs)
    assert heard.last["harvest"].documents == heard.last["publish"].documents == documents
    # A block's bytes are told from its footer, which counts a few bytes of headers as text.
    size = sum(source.bytes for source in manifest.inputs)
    assert 0 <= heard.last["harvest"].bytes - size < 0.02 * size
    assert heard.last["publish"].bytes == size
    tokens = sum(row.placed_tokens for row in manifest.ledger.sources)
    assert heard.last["tokenise"].tokens == heard.last["shard"].tokens == tokens
    kept = sum(row.outcomes["kept"].documents for row in manifest.ledger.sources)
    assert heard.last["shard"].documents == kept
    assert load_manifest(str(tmp_path / "snapshot")) == manifest


def test_what_was_there_counts_as_parts_only(tmp_path: Path) -> None:
    (tmp_path / "1").write_text("old")
    tally = Tally(str(tmp_path), lambda path: Done(1, documents=len(Path(path).read_text())))
    assert tally() == Done(1)
    (tmp_path / "2").write_text("new!")
    assert tally() == Done(2, documents=4)
    (tmp_path / "3").write_text("newer")
    assert tally() == tally() == Done(3, documents=9)


def test_no_directory_is_nothing_done(tmp_path: Path) -> None:
    assert Tally(str(tmp_path / "none"), lambda path: Done(1))() == total([]) == Done(0)


def test_storage_that_fails_is_the_passs_affair() -> None:
    def count() -> Done:
        raise StorageError("gone")

    heard = Heard()
    with watched(heard, "pass", 3, "parts", count):
        pass
    assert heard.notes == [""] and not heard.last


def test_a_failed_pass_is_told_as_failed() -> None:
    heard = Heard()
    before = threading.enumerate()
    with pytest.raises(ValueError), watched(heard, "pass", 3, "parts", lambda: Done(2)):
        raise ValueError
    assert heard.notes == ["failed"] and heard.last == {"pass": Done(2)}
    assert set(threading.enumerate()) <= set(before)
