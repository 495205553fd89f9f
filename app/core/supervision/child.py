"""Runs one module as a program that ends in order when its supervisor is gone.

`python -m app.core.supervision.child NICENESS celery -A app.tasks.config_tasks worker`
"""

import os
import runpy
import signal
import sys
import threading
import time

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 20.0


def watch_parent(parent: int) -> None:
    """End this process when it has become an orphan: first in order, then at once."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Become the named module, at the given priority."""
    threading.Thread(target=watch_parent, args=(os.getppid(),), name="parent-watch", daemon=True).start()
    os.nice(int(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
