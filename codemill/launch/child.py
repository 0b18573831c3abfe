"""A process that the local launcher starts: the command line, ended when the launcher is gone."""

from __future__ import annotations

import os
import signal
import threading


def _end_with_the_launcher() -> None:
    # The launcher never writes; its end of the pipe closes when it ends, however it does.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_launcher, name="launcher watch", daemon=True).start()

    from codemill.cli import main

    main()
