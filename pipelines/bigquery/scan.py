"""What BigQuery says about a query before it runs: the bytes it would read, and the tables' versions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import google.auth.exceptions
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from pipelines.bigquery.github_sql import github_query
from schemas.errors import CodemillError
from schemas.sources import BigQuerySource

PRICE_PER_TIB = 6.25
"""US dollars for reading 2^40 bytes on demand: the list price of the US, where the first TiB of a month is free."""
_RETRY = Retry(initial=1.0, maximum=20.0, multiplier=2.0, timeout=120.0)


class Scan(NamedTuple):
    """What a query would do."""

    bytes: int
    """Read by the query, as BigQuery bills it."""
    tables: tuple[tuple[str, str], ...]
    """(table, when it was last changed), by name."""
    columns: tuple[str, ...]
    """Of the rows that it gives."""

    @property
    def dollars(self) -> float:
        """The price on demand, without the free share of a month."""
        return self.bytes / 2**40 * PRICE_PER_TIB


def scan(name: str, config: BigQuerySource) -> Scan:
    """Ask BigQuery's dry run, which is free, and look at the tables the query reads.

    Args:
        name: the source's name in the build config.
        config: the source.

    Raises:
        CodemillError: the query is not valid, a table does not exist, or the account may not.
    """
    with _explaining(name, config):
        client = _client(config.project)
        job = client.query(
            github_query(config),
            job_config=bigquery.QueryJobConfig(dry_run=True, use_query_cache=False),
            retry=_RETRY,
        )
        tables = []
        for reference in job.referenced_tables:
            table = client.get_table(reference, retry=_RETRY)
            tables.append(
                (f"{table.project}.{table.dataset_id}.{table.table_id}", f"{table.modified:%Y-%m-%dT%H:%M:%S.%fZ}")
            )
        columns = tuple(field.name for field in job.schema or ())
        return Scan(int(job.total_bytes_processed), tuple(sorted(tables)), columns)


def _client(project: str) -> bigquery.Client:
    if os.environ.get("BIGQUERY_EMULATOR_HOST"):
        return bigquery.Client(project=project, credentials=AnonymousCredentials())
    return bigquery.Client(project=project)


@contextmanager
def _explaining(name: str, config: BigQuerySource) -> Iterator[None]:
    try:
        yield
    except google.auth.exceptions.GoogleAuthError:
        raise CodemillError(
            f"source {name!r}: no credentials for BigQuery", "run `gcloud auth application-default login`"
        ) from None
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise CodemillError(
            f"source {name!r}: BigQuery refuses: {_words(error)}",
            f"grant the account bigquery.jobs.create on project {config.project} and read access to the tables",
        ) from None
    except exceptions.NotFound as error:
        raise CodemillError(f"source {name!r}: {_words(error)}", "check `project`, `dataset` and `query`") from None
    except exceptions.BadRequest as error:
        remedy = "check `query`" if config.query is not None else "check that `dataset` has the github_repos tables"
        raise CodemillError(f"source {name!r}: BigQuery refuses the query: {_words(error)}", remedy) from None
    except (exceptions.GoogleAPIError, OSError) as error:
        raise CodemillError(
            f"source {name!r}: BigQuery cannot be asked: {_words(error)}", "check the network, then run again"
        ) from None


def _words(error: Exception) -> str:
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(message).splitlines()[0][:300]
