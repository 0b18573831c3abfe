"""Survivors in rounds: where verified pairs exceed what one worker may hold, each round is a Beam job over the buckets.

Every bucket owns its lower documents (see `dedup.rounds`). Its pairs and its state lie in files; only decisions travel.
A finished round has a marker, so that a killed build goes on with the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from dedup.rounds import UNDECIDED, Asked, News, Part, advance, asks, listen, prepare, proofs
from pipelines.duplicates.candidates import bucket_of
from pipelines.duplicates.counts import clear_counts, count, read_counts, write_counts
from pipelines.duplicates.drops import near_drops
from pipelines.duplicates.verified import EDGE_ROW, edges_path
from pipelines.jobs.blobs import read_arrays, read_rows, receive, rows, split_by, write_arrays, write_rows
from pipelines.jobs.progress import Done
from pipelines.jobs.runner import Runner
from pipelines.jobs.tasks import hand_out
from pipelines.workspace import Dataset, read_json, write_json
from schemas.errors import CheckFailed
from storage.files import exists
from storage.listing import list_files

ASK_ROW = np.dtype([("key", "<u8"), ("asker", "<i8")])
NEWS_ROW = np.dtype([("key", "<u8"), ("kept", "?")])


def drops_in_rounds(
    compared: Dataset, buckets: int, pairs: int, dataset: Dataset, runner: Runner
) -> tuple[int, list[str]]:
    """Repeat rounds until every document is decided; `pairs` is how many there are in all buckets.

    Returns:
        The number of rounds, and the files of drops, one per bucket.

    Raises:
        CheckFailed: documents stay undecided though no news is under way: the runner lost some.
    """
    paths = _Paths(compared, dataset)

    def job(number: int, step: beam.DoFn, keep: beam.DoFn) -> dict[str, int]:
        """One round's job, unless it has ended before: each bucket's step, then what it sends to others is kept."""
        done = dataset.path("rounds", f"{number:04d}.json")
        if not exists(done):
            counts = dataset.path("round-counts", f"{number:04d}")
            clear_counts(counts)
            runner.run(lambda pipeline: _round(pipeline, buckets, step, keep, dataset, counts), f"round {number}")
            counted = {"sent": 0, "arrived": 0, "undecided": 0, "pairs": 0, **read_counts(counts)}
            if counted["sent"] != counted["arrived"]:
                raise CheckFailed(
                    f"deduplicate: {counted['arrived']:,} of {counted['sent']:,} messages arrived",
                    "run the build again; if that fails too, with --workers 1",
                )
            write_json(done, counted)
        found: dict[str, int] = read_json(done)
        return found

    def settled() -> Done:
        return Done(len(list_files(dataset.path("drops"))))

    with runner.watch("rounds", buckets, "buckets", settled):
        read = job(0, _Ask(paths, buckets), _Listen(paths))["pairs"]
        if read != pairs:
            raise CheckFailed(f"deduplicate: {read:,} of {pairs:,} verified pairs are there", "run the build again")
        number, undecided = 0, -1
        while undecided:
            number += 1
            counted = job(number, _Advance(paths, number), _KeepNews(paths, number + 1))
            undecided = counted["undecided"]
            if undecided and not counted["sent"]:
                raise CheckFailed(
                    f"deduplicate: {undecided:,} documents stay undecided: the runner lost messages",
                    "run the build again",
                )
    return number, [paths.drops(bucket) for bucket in range(buckets)]


class _Paths:
    """Where a bucket's pairs, state, news and drops are."""

    def __init__(self, compared: Dataset, dataset: Dataset) -> None:
        self._compared = compared
        self._dataset = dataset

    def edges(self, bucket: int) -> np.ndarray:
        """The pairs of a bucket."""
        path = edges_path(self._compared, bucket)
        return read_rows(path) if exists(path) else np.zeros(0, EDGE_ROW)

    def part(self, bucket: int) -> str:
        """The bucket's pairs as `prepare` sorts them, once for all rounds."""
        return self._dataset.path("parts", f"{bucket:06d}.npz")

    def state(self, number: int, bucket: int) -> str:
        """Status after a round."""
        return self._dataset.path("state", f"{number:04d}", f"{bucket:06d}.npy")

    def asked(self, bucket: int) -> str:
        """Who waits for the bucket's decisions."""
        return self._dataset.path("asked", f"{bucket:06d}.npz")

    def news(self, number: int, bucket: int) -> str:
        """News for a bucket, to be heard in a round."""
        return self._dataset.path("news", f"{number:04d}", f"{bucket:06d}.npy")

    def drops(self, bucket: int) -> str:
        """What the bucket drops in the end."""
        return self._dataset.path("drops", f"{bucket:06d}.npy")


def _round(
    pipeline: beam.Pipeline, buckets: int, step: beam.DoFn, keep: beam.DoFn, dataset: Dataset, counts: str
) -> None:
    every = hand_out(pipeline, "buckets", range(buckets), int, dataset.directory)
    sent = every | "Step" >> beam.ParDo(step).with_outputs("counts", main="messages")
    kept = (
        {"messages": sent.messages, "bucket": every | "Keyed" >> beam.Map(_keyed)}
        | "By bucket" >> beam.CoGroupByKey()
        | "Keep" >> beam.ParDo(keep).with_outputs("counts")
    )
    write_counts([sent.counts, kept.counts], counts)


def _keyed(bucket: int) -> tuple[int, None]:
    return bucket, None


class _Ask(beam.DoFn):
    """bucket -> (owner, what it is asked for); keeps the bucket's pairs prepared."""

    def __init__(self, paths: _Paths, buckets: int) -> None:
        self._paths = paths
        self._buckets = buckets

    def process(self, bucket: int) -> Iterator[Any]:
        edges = self._paths.edges(bucket)
        part, status = prepare(edges)
        write_arrays(self._paths.part(bucket), *part)
        write_rows(self._paths.state(0, bucket), status)
        wanted = asks(part)
        questions = rows(ASK_ROW, key=wanted, asker=np.full(len(wanted), bucket))
        yield count("pairs", len(edges))
        yield count("sent", len(questions))
        for owner, message in split_by(bucket_of(wanted, self._buckets), questions):
            yield owner, message.tobytes()


class _Listen(beam.DoFn):
    """(bucket, questions) -> who asked, kept in a file together with the answers known at once."""

    def __init__(self, paths: _Paths) -> None:
        self._paths = paths

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        bucket, found = element
        questions = np.sort(receive(ASK_ROW, found["messages"]))
        part = Part(*read_arrays(self._paths.part(bucket)))
        asked, news = listen(part, questions["key"].copy(), questions["asker"].copy())
        write_arrays(self._paths.asked(bucket), *asked, *news)
        yield count("arrived", len(questions))


class _Advance(beam.DoFn):
    """bucket -> (other bucket, news): one round of the bucket."""

    def __init__(self, paths: _Paths, number: int) -> None:
        self._paths = paths
        self._number = number

    def process(self, bucket: int) -> Iterator[Any]:
        part = Part(*read_arrays(self._paths.part(bucket)))
        kept = read_arrays(self._paths.asked(bucket))
        asked, answers = Asked(*kept[:2]), News(*kept[2:])
        heard = np.zeros(0, NEWS_ROW) if self._number == 1 else read_rows(self._paths.news(self._number, bucket))
        status = read_rows(self._paths.state(self._number - 1, bucket))
        done = advance(part, asked, status, heard["key"].copy(), heard["kept"].copy())
        write_rows(self._paths.state(self._number, bucket), done.status)
        finished_before = self._number > 1 and not (status == UNDECIDED).any()
        if not done.undecided and not finished_before:
            found = proofs(part, done.status)
            proving = self._paths.edges(bucket)[found.edge]
            write_rows(self._paths.drops(bucket), near_drops(found.dropped, found.kept, proving))
        news = [done.news, answers] if self._number == 1 else [done.news]
        to = np.concatenate([each.to for each in news])
        told = rows(
            NEWS_ROW,
            key=np.concatenate([each.keys for each in news]),
            kept=np.concatenate([each.kept for each in news]),
        )
        yield count("undecided", done.undecided)
        yield count("sent", len(told))
        for other, message in split_by(to, told):
            yield other, message.tobytes()


class _KeepNews(beam.DoFn):
    """(bucket, news) -> a file that the bucket's next round reads."""

    def __init__(self, paths: _Paths, number: int) -> None:
        self._paths = paths
        self._number = number

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        bucket, found = element
        news = np.sort(receive(NEWS_ROW, found["messages"]))
        write_rows(self._paths.news(self._number, bucket), news)
        yield count("arrived", len(news))
