import re
import sys
from pathlib import Path

import pytest

import codemill.cli
from codemill.screen.failure import INTERRUPTED, tell_failure, tell_fault
from schemas.errors import CheckFailed, CodemillError
from storage.errors import StorageError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CodemillError("a: odd", "look"), 2),
        (CheckFailed("a: odd", "look"), 1),
        (StorageError("a: odd", "look"), 2),
    ],
)
def test_an_error_is_two_lines(error: Exception, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_failure(error) == status
    assert capsys.readouterr().err == "codemill: error: a: odd\ncodemill: remedy: look\n"


def test_whatever_stands_in_a_name_a_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell_failure(CodemillError("a\nb\x1b[31m: odd", "look"))
    assert capsys.readouterr().err == "codemill: error: a\\nb\\x1b[31m: odd\ncodemill: remedy: look\n"


def test_a_librarys_error_about_a_file_is_told_as_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_failure(PermissionError(13, "denied", "a/b")) == 2
    assert "a/b: cannot read or write: permission denied" in capsys.readouterr().err


def test_other_errors_are_not_told() -> None:
    assert tell_failure(ValueError("odd")) is None


def traceback_of(remedy: str) -> Path:
    found = re.search(r"with (\S+\.txt)", remedy)
    assert found is not None
    return Path(found[1])


def test_a_fault_leaves_its_traceback_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("odd\nand more")
    except ValueError as error:
        assert tell_fault(error) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "codemill: error: this is a fault of codemill's own: ValueError: odd"
    traceback = traceback_of(second)
    assert "test_failure.py" in traceback.read_text()
    traceback.unlink()


def test_of_a_workers_traceback_the_last_line_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell_fault(RuntimeError("Traceback (most recent call last):\n  File a, line 1\nKeyError: 'odd'"))
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("RuntimeError: KeyError: 'odd'")
    traceback_of(second).unlink()


@pytest.mark.parametrize(
    ("arguments", "raised", "status", "words"),
    [
        (["report", "x"], KeyboardInterrupt(), INTERRUPTED, "codemill: interrupted; run the same command again"),
        (["report", "x"], CheckFailed("a: odd", "look"), 1, "codemill: remedy: look"),
        (["evaluate"], None, 2, "Usage: codemill evaluate"),
        (["--version"], None, 0, ""),
    ],
)
def test_main_ends_with_the_status(
    arguments: list[str],
    raised: BaseException | None,
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        assert raised is not None
        raise raised

    monkeypatch.setattr("schemas.manifest.load_manifest", fail)
    monkeypatch.setattr("storage.files.exists", fail)
    monkeypatch.setattr(codemill.cli, "heed_signals", lambda: None)
    monkeypatch.setattr(sys, "argv", ["codemill", *arguments])
    with pytest.raises(SystemExit) as ended:
        codemill.cli.main()
    assert ended.value.code == status
    assert words in capsys.readouterr().err
