from pathlib import Path

import numba
import pytest

from codemill.doctor import kernels
from codemill.doctor.finding import Status


def test_numba_compiles_here() -> None:
    (found,) = kernels.compiles()
    assert found.status is Status.OK


def test_a_compiler_that_fails_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(function: object) -> object:
        raise RuntimeError("LLVM ERROR: no target\nmore")

    monkeypatch.setattr(numba, "njit", fail)
    (found,) = kernels.compiles()
    assert found.status is Status.BROKEN and "LLVM ERROR: no target" in found.what and "numba" in found.remedy


def test_a_compiler_that_errs_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba, "njit", lambda function: lambda left, right: 43)
    (found,) = kernels.compiles()
    assert found.status is Status.BROKEN and "43" in found.what


def test_where_kernels_are_kept(tmp_path: Path) -> None:
    (found,) = kernels.kept([tmp_path / "a" / "b"])
    assert found.status is Status.OK
    assert not list(tmp_path.iterdir()), "nothing is left"
    (tmp_path / "file").write_text("")
    (found,) = kernels.kept([tmp_path, tmp_path / "file" / "below"])
    assert found.status is Status.WARNING and "NUMBA_CACHE_DIR" in found.remedy


def test_the_rooms_of_this_installation() -> None:
    (found,) = kernels.kept()
    assert found.check == "kernels"
