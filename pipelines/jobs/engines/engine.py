"""A job on an engine of its own: what the engine says against it is told in one line, and Ctrl-C cancels it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import apache_beam as beam
import grpc
from apache_beam.runners.runner import PipelineResult

from pipelines.jobs.engines.dataflow import explained_job, on_dataflow
from pipelines.jobs.worker_error import error_in, last_line
from schemas.errors import CodemillError


@contextmanager
def on_engine(arguments: Sequence[str], pipeline: beam.Pipeline) -> Iterator[None]:
    """Around the run of a job with these Beam options.

    Raises:
        CodemillError: the engine does not take it, cannot be reached or ended it.
        RuntimeError: a worker's error, with its traceback.
    """
    try:
        with explained_job(arguments) if on_dataflow(arguments) else nullcontext():
            yield
    except KeyboardInterrupt:
        # It would go on by itself, and cost money.
        if isinstance(started := getattr(pipeline, "result", None), PipelineResult):
            started.cancel()
        raise
    except grpc.RpcError as failure:
        details = failure.details() if isinstance(failure, grpc.Call) else str(failure)
        raise CodemillError(
            f"the engine does not answer: {details}",
            "see whether it still runs; run the same command again to go on",
        ) from None
    except RuntimeError as failure:
        text = str(failure)
        if "Traceback" in text or error_in(text) is not None:
            raise
        raise CodemillError(
            f"the engine gave the job up: {last_line(text)[:500]}",
            "look at its log; run the same command again to go on",
        ) from None
