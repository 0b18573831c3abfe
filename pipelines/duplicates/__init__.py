"""Deduplicate: exact, then verified near-duplicates.

Two Beam jobs, each a dataset of its own, so that what they find is kept apart from what is chosen of it:

    compare      documents -> exact drops by block, verified pairs by bucket           (`compare`)
    deduplicate  verified pairs -> survivors -> one Parquet file of duplicates a block (`deduplicate`)

Only hashes, keys and the shingle sets of candidates travel, as whole arrays. Each arrow counts the rows that set out
and those that arrive: when a runner loses some, the job fails.
"""

from pipelines.duplicates.deduplicate import deduplicate, duplicates_path

__all__ = ["deduplicate", "duplicates_path"]
