"""The program of a local worker process: Beam's worker, which ends with the process that started it."""

from __future__ import annotations

import os
import sys
import threading


def _end_with_the_driver() -> None:
    """Standard input is a pipe to which the driver never writes; it ends when the driver does, however that goes."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_driver, daemon=True).start()
    from apache_beam.runners.worker.sdk_worker_main import main

    main(sys.argv)
