import numpy as np

from buffers.kernel import kernel
from buffers.prefetch import prefetch


@kernel
def sum_ahead(values: np.ndarray) -> int:
    total = 0
    for place in range(values.size):
        prefetch(values, values.size - 1 - place)
        total += values[place]
    return total


def test_a_hint_changes_nothing() -> None:
    values = np.arange(1000)
    assert sum_ahead(values) == 499_500
    frozen = np.frombuffer(values.tobytes(), np.int64)
    assert sum_ahead(frozen) == 499_500
    assert (values == np.arange(1000)).all()
