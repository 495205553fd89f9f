"""Runs one module as a program that ends in order when its supervisor is gone.

`python -m app.local.supervision.child NICENESS PORT celery -A app.tasks.config_tasks worker`

The start is delayed until something listens on PORT, for a limited time: all processes would load the same libraries at
once, and the site must be ready first. 0 means no delay.
"""

import gc
import os
import runpy
import signal
import socket
import sys
import threading
import time

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 20.0
WAIT_SECONDS = 10.0
START_SECONDS = 10.0
"""Seconds after which loading is assumed to be complete."""


def watch_parent(parent: int) -> None:
    """End this process when it has become an orphan: first in order, then at once."""
    started = time.monotonic()
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
        if not gc.isenabled() and time.monotonic() > started + START_SECONDS:
            gc.freeze()  # loaded objects stay, so garbage collection need not scan them again
            gc.enable()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for(port: int, seconds: float = WAIT_SECONDS) -> None:
    """Wait until something listens on the port; continue after a time-out, because nothing here requires it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def main() -> None:
    """Run the named module as the main program, at the given priority."""
    gc.disable()  # importing libraries creates no garbage; collecting it took a seventh of the start
    threading.Thread(target=watch_parent, args=(os.getppid(),), name="parent-watch", daemon=True).start()
    os.nice(int(sys.argv[1]))
    if port := int(sys.argv[2]):
        wait_for(port)
    module = sys.argv[3]
    sys.argv = sys.argv[3:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
