from pathlib import Path

import pytest

import buffers.kernel
from buffers.kernel import cache_directory, kernel
from buffers.mix import finalise


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    folder = tmp_path / "room"
    folder.mkdir()
    (folder / "one.py").write_text("x = 1\n")
    buffers.kernel._cache_name.cache_clear()
    return folder


def directory_now(room: Path) -> Path:
    buffers.kernel._cache_name.cache_clear()
    return cache_directory(room)


def test_any_change_of_a_rooms_source_moves_its_cache(room: Path) -> None:
    seen = [directory_now(room)]
    (room / "one.py").write_text("x = 2\n")
    seen.append(directory_now(room))
    (room / "deeper").mkdir()
    (room / "deeper" / "two.py").write_text("")
    seen.append(directory_now(room))
    assert len(set(seen)) == 3
    (room / "notes.txt").write_text("not source")
    assert directory_now(room) == seen[-1]


def test_another_processor_has_another_cache(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = directory_now(room)
    monkeypatch.setattr(buffers.kernel, "_target", lambda: "another processor")
    assert directory_now(room) != here


def test_the_cache_lies_where_the_environment_says(room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert directory_now(room).parent == room / "__pycache__"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    assert directory_now(room).parent == tmp_path / "kernels"


def test_the_kernels_of_a_package_lie_with_those_of_its_whole_room(room: Path) -> None:
    """They may have been compiled with some of its other packages."""
    (room / "__init__.py").touch()
    (room / "deeper").mkdir()
    (room / "deeper" / "__init__.py").touch()
    assert buffers.kernel._room_of(room / "deeper" / "two.py") == room
    assert buffers.kernel._room_of(room / "one.py") == room


def test_a_kernel_computes_and_leaves_numbas_settings_alone() -> None:
    before = buffers.kernel.config.CACHE_DIR
    twice = kernel(_twice)
    assert twice(21) == 42
    assert before == buffers.kernel.config.CACHE_DIR
    assert Path(finalise.stats.cache_path).parent.name.startswith("kernels-")  # type: ignore[attr-defined]


def _twice(x: int) -> int:
    return x + x
