"""A real S3 server on loopback that can be killed and restarted with the same data."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx
from pydantic import SecretStr

from app.core.config import Settings

IDENTITIES = """{"identities": [{"name": "t", "credentials": [{"accessKey": "test", "secretKey": "test-secret"}],
"actions": ["Admin", "Read", "Write", "List"]}]}"""
PORTS = ("master.port", "volume.port", "filer.port", "s3.port")
TRIES = 4
READY_SECONDS = 30.0


def free_port() -> int:
    """Return a free port whose gRPC port (10000 above) is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port


class S3Server:
    """SeaweedFS in one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self._server: subprocess.Popen[bytes] | None = None
        self._ports: dict[str, int] = {}

    def __enter__(self) -> Self:
        (self.folder / "identities.json").write_text(IDENTITIES)
        for left in reversed(range(TRIES)):
            self._ports = {name: free_port() for name in PORTS}
            try:
                self.start()
            except AssertionError:  # another process took one of the ports meanwhile
                self.kill()
                if not left:
                    raise
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, after a kill on the same ports and data, and wait until it stores an object."""
        command = [
            *(str(Path(sys.executable).parent / "weed"), "-logtostderr", "server", f"-dir={self.folder}"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", f"-s3.config={self.folder / 'identities.json'}"),
            *("-master.volumeSizeLimitMB=64", "-volume.max=100", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            "-master.telemetry=false",
            "-master.electionTimeout=1s",  # with one voter, which would wait for others after a kill
            *(f"-{name}={port}" for name, port in self._ports.items()),
        ]
        self.address = f"http://127.0.0.1:{self._ports['s3.port']}"
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - ours
                command, cwd=self.folder, stdout=log, stderr=log, env={"HOME": str(self.folder)}
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            told = (self.folder / "log").read_text(errors="replace")[-3_000:]
            assert self._server.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.2)

    def _answers(self) -> bool:
        """Tell whether it stores bytes: it listens some seconds before its parts are connected."""
        filer = f"http://127.0.0.1:{self._ports['filer.port']}"
        try:
            kept = httpx.put(f"{filer}/buckets/iplance/ready", content=b"ready", timeout=2).is_success
            read = httpx.get(f"{filer}/buckets/iplance/ready", timeout=2).content
            httpx.delete(f"{filer}/buckets/iplance/ready", timeout=2)
            return kept and read == b"ready" and bool(httpx.get(self.address, timeout=2))
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """Kill it; a regular shutdown would take long."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def configure(self, settings: Settings, address: str | None = None) -> Settings:
        """Return settings for this storage, or for another address in front of it."""
        secret = SecretStr("test-secret")
        changes = {"s3_endpoint": address or self.address, "s3_access_key": "test", "s3_secret_key": secret}
        return settings.model_copy(update=changes)
