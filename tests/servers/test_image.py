"""The container image, built and run by buildah: web, worker, beat and Flower in it, without root."""

import os
import shutil
import signal
import subprocess
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.e2e.ports import free_port
from tests.running.instance import ROOT, open_folder, wait_until
from tests.servers.external_servers import Outside

pytestmark = [pytest.mark.timeout(1500)]
BASE = "localhost/iplance-test-base"
IMAGE = "localhost/iplance-test"
WHO = "import os; print(os.getuid(), os.access('/srv/iplance/app', 2))"
CELERY = ("celery", "-A", "app.tasks.config_tasks")


def call(*command: str) -> str:
    """Run a program of the system and return what it printed."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)  # noqa: S603
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image() -> Generator[str]:
    """Build the base from Debian, and the image on it."""
    with open_folder() as folder:
        call("debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates",
             "trixie", str(folder / "base"))  # fmt: skip
        container = call("buildah", "from", "scratch")
        call("buildah", "add", "--quiet", container, str(folder / "base"), "/")
        call("buildah", "commit", "--quiet", "--rm", "--format", "docker", container, BASE)
        shutil.rmtree(folder / "base")
    call("buildah", "build", "--quiet", "--isolation", "chroot", "--network=host", "--format", "docker",
         "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro", "--build-arg", f"BASE={BASE}", "-t", IMAGE, ".")  # fmt: skip
    yield IMAGE
    call("buildah", "rmi", "--force", IMAGE, BASE)


@dataclass
class Containers:
    """The roles in their containers, each stopped by its own process group."""

    image: str
    folder: Path
    variables: dict[str, str]
    started: dict[str, tuple[str, subprocess.Popen[bytes]]] = field(default_factory=dict)

    def start(self, role: str, *command: str) -> subprocess.Popen[bytes]:
        """Start one role."""
        container = call("buildah", "from", self.image)
        settings = [part for key, value in self.variables.items() for part in ("--env", f"{key}={value}")]
        mounts = ("--volume", f"{self.folder / 'ca.pem'}:/ca.pem:ro", "--volume", f"{self.folder / 'data'}:/data")
        with (self.folder / f"{role}.log").open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - programs of the system
                ["buildah", "run", "--isolation", "chroot", *settings, *mounts, container, "--", *command],  # noqa: S607
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started[role] = (container, child)
        return child

    def log(self, role: str) -> str:
        """Return its output."""
        return (self.folder / f"{role}.log").read_text(errors="replace")

    def stop(self) -> None:
        """Stop every process group that was started here."""
        for container, child in self.started.values():
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait(10)
            call("buildah", "rm", container)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def test_the_image_runs_every_role(image: str, outside: Outside) -> None:
    port, flower_port = free_port(), free_port()
    with open_folder() as folder:
        (folder / "data").mkdir()
        os.chown(folder / "data", 10001, 10001)
        shutil.copy(outside.ca, folder / "ca.pem")
        (folder / "ca.pem").chmod(0o644)
        variables = {
            "DATABASE_URL": outside.pooled,
            "MIGRATIONS_DATABASE_URL": outside.direct,
            "REDIS_URL": outside.redis,
            "SSL_CERT_FILE": "/ca.pem",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "METRICS_PORT": "0",
            "DEMO": "0",
            "FLOWER_UNAUTHENTICATED_API": "1",
            "WORKER_CONCURRENCY": "1",
        }
        containers = Containers(image, folder, variables)
        try:
            assert containers.start("migrate", "python", "-m", "app", "prepare").wait(180) == 0, containers.log(
                "migrate"
            )
            who = containers.start(
                "who", "python", "-c", "import os; print(os.getuid(), os.access('/srv/iplance/app', 2))"
            )
            who.wait(60)
            assert containers.log("who").split()[:2] == ["10001", "False"]
            containers.start("web", "python", "-m", "app", "web")
            containers.start("worker", *CELERY, "worker", "--hostname=image@%h")
            beat = containers.start("beat", *CELERY, "beat", "--pidfile=")
            containers.start("flower", *CELERY, "flower", f"--port={flower_port}")
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/health/ready"), "web: " + containers.log("web"), 90)
            assert containers.start("health", "python", "-m", "app.core.http.healthcheck").wait(60) == 0
            wait_until(lambda: sees_the_worker(flower_port), "Flower sees the worker", 90)
            assert beat.poll() is None, containers.log("beat")
        finally:
            containers.stop()


def sees_the_worker(port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/api/workers?refresh=1", timeout=15)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and "image@" in answer.text
