"""What a worker process runs: Beam's worker, which ends with the driver."""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait

from apache_beam.runners.worker import sdk_worker_main


def main(environment: dict[str, str], output: int) -> None:
    """Work for one job.

    Args:
        environment: the variables of the driver, and those that Beam's worker reads.
        output: the open file that takes what is printed.
    """
    os.setpgid(0, 0)  # Ctrl-C on a terminal is for the driver alone
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=_end_with_the_driver, daemon=True).start()
    sdk_worker_main.main(sys.argv)


def _end_with_the_driver() -> None:
    """However the driver ends, even by SIGKILL."""
    driver = parent_process()
    assert driver is not None
    wait([driver.sentinel])
    os._exit(1)
