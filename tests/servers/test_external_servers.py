"""The whole application on PostgreSQL 15 with TLS, behind a transaction-mode pooler, and on Redis with TLS."""

import asyncio
import subprocess
import sys
from collections.abc import Generator

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url, text

from app.core.database import create_engine, tls_arguments
from tests.e2e.ports import free_port
from tests.e2e.stack import ROOT, Stack
from tests.running.instance import open_folder
from tests.servers.external_servers import Outside, environment

pytestmark = [pytest.mark.timeout(900)]
MANY = 200
FEATURES_SECONDS = 2_400
"""Five thousand tests in two processes, on a machine that may be busy with others."""


def command(outside: Outside, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment(outside, **changes),
        capture_output=True,
        text=True,
        timeout=FEATURES_SECONDS,
        check=False,
    )


@pytest.fixture(params=["direct", "pooled"])
def stack(outside: Outside, request: pytest.FixtureRequest) -> Generator[Stack]:
    """Web, worker and beat as processes, with the direct address or behind the pooler."""
    address = outside.direct if request.param == "direct" else outside.pooled
    settings = {"SSL_CERT_FILE": str(outside.ca), "MIGRATIONS_DATABASE_URL": outside.direct}
    with open_folder() as folder:
        told = command(
            outside, "app", "prepare",
            DATA_DIR=str(folder / "data"), DATABASE_URL=address, MIGRATIONS_DATABASE_URL=outside.direct,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        with Stack(folder, database_url=address, redis_url=outside.redis, settings=settings) as made:
            yield made


async def test_people_register_and_their_mail_arrives(stack: Stack) -> None:
    name = f"outside_{stack.port}"
    person = {"username": name, "password": "a long and unusual sentence", "email": f"{name}@example.com"}
    async with stack.client() as client:
        ready = (await client.get("/health/ready")).json()
        assert {ready["status"], ready["postgresql"], ready["redis"]} == {"ready", "ok"}
        made = await client.post("/api/v1/auth/register", json=person)
        assert made.status_code == 201, made.text + stack.logs()
        answers = await asyncio.gather(*(client.get("/api/v1/auth/me") for _ in range(MANY)))
        pages = await asyncio.gather(*(client.get("/") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}, stack.logs()
    assert {answer.status_code for answer in pages} == {200}
    assert all(answer.json()["username"] == name for answer in answers)
    await stack.mail.wait(f"{name}@example.com", seconds=30)


async def test_the_pooler_really_pools(outside: Outside) -> None:
    """Two statements of one client may run on two server connections, which breaks careless drivers."""
    address = make_url(outside.pooled).set(drivername="postgresql", query={}).render_as_string(hide_password=False)
    clients = [await asyncpg.connect(address, ssl="require", statement_cache_size=0, timeout=10) for _ in range(8)]
    pids = {await client.fetchval("SELECT pg_backend_pid()") for client in clients for _ in range(3)}
    for client in clients:
        await client.close()
    assert len(pids) <= 5


async def test_a_forgotten_transaction_is_ended_behind_the_pooler_too(outside: Outside) -> None:
    engine = create_engine(outside.pooled, idle_seconds=7)
    async with engine.connect() as connection:
        limit = (await connection.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar()
    await engine.dispose()
    assert limit == "7s"


async def test_a_wrong_certificate_is_refused(outside: Outside) -> None:
    stranger = f"{outside.direct}&sslrootcert=/etc/ssl/certs/ca-certificates.crt"
    address = make_url(outside.direct).set(drivername="postgresql", query={}).render_as_string(hide_password=False)
    with pytest.raises(Exception, match="certificate verify failed"):
        await asyncpg.connect(address, timeout=10, **tls_arguments(stranger))


def test_the_doctor_reads_the_addresses(outside: Outside) -> None:
    with open_folder() as folder:
        changes = {"DATABASE_URL": outside.pooled, "PAYMENT_PROVIDER": "none", "COLUMNS": "300"}
        told = command(outside, "app", "doctor", DATA_DIR=str(folder), **changes)
    assert "version 15" in told.stdout, told.stdout + told.stderr
    assert "rediss://" in told.stdout
    assert "p%40ss" not in told.stdout
    assert told.returncode == 0, told.stdout


def test_flower_works_with_a_cloud_redis(outside: Outside, stack: Stack) -> None:
    port = free_port()
    with open_folder() as folder, (folder / "flower.log").open("w+b") as log:
        child = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "celery", "-A", "app.tasks.config_tasks", "flower", f"--port={port}"],
            cwd=ROOT,
            env=environment(outside, DATA_DIR=str(folder), DATABASE_URL=outside.direct, FLOWER_UNAUTHENTICATED_API="1"),
            stdout=log,
            stderr=log,
        )
        try:
            stack.wait_until(lambda: child.poll() is not None or sees_a_worker(port), "Flower sees the worker", 60)
            log.seek(0)
            assert child.poll() is None, log.read().decode()
        finally:
            child.terminate()
            child.wait(20)


def sees_a_worker(port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/api/workers?refresh=1", timeout=10)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and "stack-" in answer.text


@pytest.mark.timeout(FEATURES_SECONDS + 60)
def test_the_feature_tests_pass_on_postgresql_15(outside: Outside) -> None:
    told = command(
        outside, "pytest", "tests/features", "-q", "-n", "2", "--dist=loadfile", "-p", "no:cacheprovider",
        DATABASE_URL=outside.direct, IPLANCE_TEST_SUPERUSER_URL=outside.superuser,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
