import traceback

import pytest

from pipelines.jobs.worker_error import error_in
from schemas.errors import CheckFailed, CodemillError
from schemas.record_layout import CorruptRecord
from storage.errors import MissingFile, StorageError

REMARK = " [while running 'Write tables/ParDo']"


def as_beam_tells(error: Exception) -> str:
    """What Beam's worker makes of an exception: another of its kind, raised while the first is handled."""
    try:
        try:
            raise error
        except Exception as first:
            raise type(first)(first.args[0] + REMARK, *first.args[1:])  # noqa: B904
    except Exception:
        return traceback.format_exc()


@pytest.mark.parametrize("kind", [CodemillError, CheckFailed, CorruptRecord])
def test_an_error_keeps_its_kind_message_and_remedy(kind: type[CodemillError]) -> None:
    error = error_in(as_beam_tells(kind("block 3: odd; very odd", "look; then run again")))
    assert type(error) is kind
    assert isinstance(error, CodemillError)
    assert (error.message, error.remedy) == ("block 3: odd; very odd", "look; then run again")


def test_an_error_without_a_remedy_has_none() -> None:
    error = error_in(as_beam_tells(CodemillError("odd")))
    assert isinstance(error, CodemillError)
    assert (error.message, error.remedy) == ("odd", "")


@pytest.mark.parametrize("kind", [StorageError, MissingFile])
def test_a_storage_error_stays_one(kind: type[StorageError]) -> None:
    error = error_in(as_beam_tells(kind("gs://b/f: cannot read: gone; look")))
    assert type(error) is kind
    assert str(error) == "gs://b/f: cannot read: gone; look"


def test_the_last_of_several_errors_counts() -> None:
    first, second = as_beam_tells(MissingFile("a: no such file")), as_beam_tells(CodemillError("no table", "make one"))
    assert str(error_in(first + second)) == "no table; make one"


def test_an_error_that_is_not_for_people_is_not_taken_for_one() -> None:
    assert error_in(as_beam_tells(ValueError("schemas.errors.CodemillError: no"))) is None
