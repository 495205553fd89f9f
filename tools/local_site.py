"""A real site for tools to use: started by `python -m app up` with its own data, stopped by process id."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 180
STOP_SECONDS = 40
SERVER_FAULT = 500


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(origin: str) -> bool:
    """Tell whether the site is ready."""
    try:
        with urllib.request.urlopen(f"{origin}/health/ready", timeout=5) as answer:  # noqa: S310 - our own http address
            return bool(answer.status < SERVER_FAULT)
    except urllib.error.HTTPError as error:
        return error.code < SERVER_FAULT
    except OSError:
        return False


@contextmanager
def running_site(folder: Path) -> Generator[str]:
    """Run a site with the demonstration data in `folder`; yield its address.

    Raises:
        RuntimeError: It did not start in time; the log contains the reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / "up.log"
    environment = {
        **os.environ,  # noqa: TID251 - for the child
        "DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        "FLOWER_PORT": str(free_port()),
        "METRICS_PORT": "0",
        "PUBLIC_URL": f"http://localhost:{port}",
        "DEMO": "1",
    }
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "app", "up"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    origin = f"http://localhost:{port}"
    try:
        end = time.monotonic() + START_SECONDS
        while not answers(origin):
            if child.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The site did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.3)
        yield origin
    finally:
        if child.poll() is None:
            os.kill(child.pid, signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
