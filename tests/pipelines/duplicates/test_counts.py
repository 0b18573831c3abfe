from pathlib import Path

import apache_beam as beam
import pytest

from pipelines.duplicates.counts import check_arrivals, clear_counts, read_counts, write_counts
from schemas.errors import CheckFailed


def test_counts_are_summed_and_largest_kept(tmp_path: Path) -> None:
    directory = str(tmp_path / "counts")
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        one = pipeline | "One" >> beam.Create([("rows", 2), ("largest_bucket", 5)])
        other = pipeline | "Other" >> beam.Create([("rows", 3), ("largest_bucket", 4)])
        write_counts([one, other], directory)
    assert read_counts(directory) == {"rows": 5, "largest_bucket": 5}
    clear_counts(directory)
    assert read_counts(directory) == {}


def test_what_did_not_arrive_is_named() -> None:
    check_arrivals({"rows": 5}, {"rows": 5, "pairs": 0})
    with pytest.raises(CheckFailed, match=r"4 of 5 band rows arrived: the runner lost some"):
        check_arrivals({"band_rows": 4}, {"band_rows": 5})
