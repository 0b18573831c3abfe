"""What engines say against a job; real engines are in test_engines.py and test_dataflow.py."""

import apache_beam as beam
import grpc
import pytest
from apache_beam.runners.runner import PipelineResult, PipelineState

from pipelines.jobs.engines.engine import on_engine
from schemas.errors import CodemillError

PORTABLE = ["--runner=PortableRunner"]


class Started(PipelineResult):
    """A job that runs until it is cancelled."""

    def __init__(self) -> None:
        super().__init__(PipelineState.RUNNING)
        self.cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1


def test_an_interrupt_cancels_the_job() -> None:
    pipeline = beam.Pipeline()
    pipeline.result = started = Started()
    with pytest.raises(KeyboardInterrupt), on_engine(PORTABLE, pipeline):
        raise KeyboardInterrupt
    assert started.cancelled == 1


def test_an_interrupt_before_the_job_is_only_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), on_engine(PORTABLE, beam.Pipeline()):
        raise KeyboardInterrupt


def test_an_engine_that_is_not_there_is_told_in_a_line() -> None:
    said = r"^the engine does not answer: .*127\.0\.0\.1:1.*run the same"
    with (
        grpc.insecure_channel("127.0.0.1:1") as channel,
        pytest.raises(CodemillError, match=said),
        on_engine(PORTABLE, beam.Pipeline()),
    ):
        channel.unary_unary("/service/method")(b"")


def test_what_an_engine_says_last_is_told() -> None:
    with (
        pytest.raises(CodemillError, match=r"^the engine gave the job up: no slots left; look"),
        on_engine(PORTABLE, beam.Pipeline()),
    ):
        raise RuntimeError("Pipeline job-1 failed:\nno slots left\n")


@pytest.mark.parametrize(
    "text",
    ["Traceback (most recent call last):\n  ...\nValueError: 3", "schemas.errors.CheckFailed: bad [while running 'A']"],
)
def test_what_a_worker_raised_passes(text: str) -> None:
    with pytest.raises(RuntimeError), on_engine(PORTABLE, beam.Pipeline()):
        raise RuntimeError(text)
