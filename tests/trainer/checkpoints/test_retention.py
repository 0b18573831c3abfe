from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from trainer.checkpoints.retention import remove, superseded


def test_regular_ones_by_number_and_temporary_ones_until_the_next() -> None:
    assert superseded([10, 13, 20, 27], 2, 10, [13]) == [10]
    assert superseded([10, 15, 20], 2, 10, []) == [15]
    assert superseded([10, 15, 17], 2, 10, []) == [15]
    assert superseded([10, 20, 30, 40], 2, 10, [20]) == [10]
    assert superseded([10, 20, 25], 1, 10, []) == [10]


@given(st.sets(st.integers(1, 60)), st.integers(1, 4), st.integers(1, 9), st.sets(st.integers(1, 60)))
def test_the_newest_and_enough_regular_ones_always_stay(steps: set[int], keep: int, every: int, ends: set[int]) -> None:
    stay = steps - set(superseded(steps, keep, every, ends))
    regular = sorted(step for step in steps if step % every == 0 or step in ends)
    assert stay >= {*regular[-keep:], *(steps & ends), *sorted(steps)[-1:]}
    assert superseded(stay, keep, every, ends) == []


def test_a_removed_checkpoint_is_gone(tmp_path: Path) -> None:
    place = tmp_path / "4"
    for directory in (place, tmp_path / "4.orbax-checkpoint-tmp"):  # the latter as a crash left it
        (directory / "params").mkdir(parents=True)
        (directory / "params" / "x").touch()
    remove(str(place))
    assert list(tmp_path.iterdir()) == []
