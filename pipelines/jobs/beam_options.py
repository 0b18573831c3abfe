"""Beam passes over an option that it does not know. A misspelt one would cost a user hours, so we do not."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from pipelines.jobs.engines.dataflow import on_dataflow
from schemas.errors import CodemillError
from schemas.suggest import did_you_mean


def check_options(arguments: Sequence[str]) -> None:
    """Refuse Beam options that nothing knows.

    Those for another engine than Dataflow are not judged: its job server has options of its own.

    Raises:
        CodemillError: naming the first in the alphabet.
    """
    given = list(arguments)
    logging.disable(logging.WARNING)  # Beam's own word about them, which nobody sees among its others
    try:
        if PipelineOptions(given).view_as(StandardOptions).runner and not on_dataflow(given):
            return
        known = PipelineOptions(given).get_all_options(drop_default=True)
        found = PipelineOptions(given).get_all_options(drop_default=True, retain_unknown_options=True)
        every = PipelineOptions([]).get_all_options()
    finally:
        logging.disable(logging.NOTSET)
    unknown = sorted(found.keys() - known.keys())
    if unknown:
        meant = did_you_mean(unknown[0], every)
        raise CodemillError(f"Beam has no option --{unknown[0]}{meant}", "correct what stands behind `--`")
