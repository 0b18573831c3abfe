import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tokenization.packing.dependencies import MOST_PROVIDERS, dependency_order


def order(imports: list[list[int]]) -> list[int]:
    """The order of files that go by their number."""
    provides = [np.array([i], np.uint64) for i in range(len(imports))]
    return dependency_order(provides, [np.array(names, np.uint64) for names in imports])


def test_what_is_imported_comes_before_and_near() -> None:
    assert order([[2], [], [3], []]) == [3, 2, 0, 1]


def test_a_circle_is_cut_once() -> None:
    assert order([[1], [2], [0]]) == [2, 1, 0]
    assert order([[0]]) == [0]


@given(st.integers(0, 12).flatmap(lambda n: st.lists(st.lists(st.integers(0, 14), max_size=4), min_size=n, max_size=n)))
def test_an_order_holds_every_file_once(imports: list[list[int]]) -> None:
    assert sorted(order(imports)) == list(range(len(imports)))


@given(st.integers(0, 12).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, i), max_size=4) for i in range(n)])))
def test_without_circles_every_import_comes_first(earlier: tuple[list[int], ...]) -> None:
    imports = [[name - 1 for name in names if name] for names in earlier]  # file i imports files below i only
    place = {file: at for at, file in enumerate(order(imports))}
    assert all(place[name] < place[file] for file, names in enumerate(imports) for name in names)


def test_a_chain_as_long_as_a_repository() -> None:
    assert order([[i + 1] for i in range(50_000)])[0] == 49_999


def test_a_name_of_too_many_files_orders_none() -> None:
    files = MOST_PROVIDERS + 2
    provides = [np.array([1], np.uint64)] * files
    requires = [np.array([1], np.uint64)] + [np.empty(0, np.uint64)] * (files - 1)
    assert dependency_order(provides, requires) == list(range(files))
