"""A Grain dataset of batches. Grain is imported when it is asked for."""

from __future__ import annotations

from typing import Any

from loaders.batches import OrderedBatches


def grain_batches(batches: OrderedBatches, *, threads: int = 2, ahead: int = 4) -> Any:
    """A `grain.IterDataset` of int32 [rows, context_length + 1]: the items of `batches` in order.

    A whole batch is read by one call. Its iterators' state is one integer, the number of batches taken, so that Grain's
    checkpoints hold no more than that; it counts from `batches.start`.

    Args:
        batches: which; Grain's own sharding and shuffling are to be left out.
        threads: that read ahead.
        ahead: batches that are held ready.
    """
    import grain

    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=ahead)
    return grain.MapDataset.source(batches).to_iter_dataset(options)
