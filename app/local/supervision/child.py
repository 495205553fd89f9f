"""Runs one module as a program that ends in order when its supervisor is gone.

`python -m app.local.supervision.child NICENESS PORT celery -A app.tasks.config_tasks worker`

PORT is what to wait for a little: everything that starts at once would load the same libraries beside the site, and the
site is what somebody waits for. 0 waits for nothing.
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
"""After this long everything is loaded."""


def watch_parent(parent: int) -> None:
    """End this process when it has become an orphan: first in order, then at once."""
    started = time.monotonic()
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
        if not gc.isenabled() and time.monotonic() > started + START_SECONDS:
            gc.freeze()  # what was loaded stays, so it need not be looked through again
            gc.enable()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for(port: int, seconds: float = WAIT_SECONDS) -> None:
    """Wait until somebody listens there; go on without them after a while, because nothing here needs them."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def main() -> None:
    """Become the named module, at the given priority."""
    gc.disable()  # libraries leave no garbage as they load; looking for some took a seventh of the start
    threading.Thread(target=watch_parent, args=(os.getppid(),), name="parent-watch", daemon=True).start()
    os.nice(int(sys.argv[1]))
    if port := int(sys.argv[2]):
        wait_for(port)
    module = sys.argv[3]
    sys.argv = sys.argv[3:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
