"""A `tf.data.Dataset` of batches. Importing this module imports TensorFlow; no other module of ours does."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from loaders.batches import OrderedBatches


def tensorflow_batches(batches: OrderedBatches, *, threads: int = 2, ahead: int = 4) -> Any:
    """A dataset of int32 [rows, context_length + 1]: the items of `batches` in order.

    A whole batch is read by one call. A record that is corrupt ends the iteration with a TensorFlow error whose text
    names the shard and the record.

    Args:
        batches: which; `start` is how an interrupted run goes on.
        threads: that read at once; the order stays.
        ahead: batches that are held ready.
    """
    shape = (batches.rows, batches.records.ids_per_record)

    def read(number: np.int64) -> NDArray[np.int32]:
        return batches[int(number)]

    def batch(number: Any) -> Any:
        return tf.ensure_shape(tf.numpy_function(read, [number], tf.int32), shape)

    numbers = tf.data.Dataset.range(len(batches))
    return numbers.map(batch, num_parallel_calls=threads, deterministic=True).prefetch(ahead)
