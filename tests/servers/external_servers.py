"""Debian's PostgreSQL 15 with TLS, PgBouncer in transaction mode, and Redis with TLS, password and an ACL user.

Each listens on a free loopback port, keeps its data in a temporary folder, and is stopped by its process id.
"""

import os
import pwd
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import trustme

from tests.e2e.ports import free_port

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
USER = "iplance"
SUPERUSER = "administrator"
PASSWORD = "p@ss/w:rd"  # noqa: S105 - of this test only, with special characters on purpose
ENCODED = "p%40ss%2Fw%3Ard"
START_SECONDS = 60.0


@dataclass
class Outside:
    """The three servers and the addresses that a person would put into the settings."""

    folder: Path
    postgres_port: int = field(default_factory=free_port)
    pooler_port: int = field(default_factory=free_port)
    redis_port: int = field(default_factory=free_port)
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def ca(self) -> Path:
        """The certificate of the authority that signed all certificates."""
        return self.folder / "ca.pem"

    @property
    def direct(self) -> str:
        """The address of PostgreSQL in libpq's form, with a verified certificate."""
        return f"postgres://{USER}:{ENCODED}@localhost:{self.postgres_port}/iplance?sslmode=verify-full"

    @property
    def superuser(self) -> str:
        """The same database for a superuser."""
        return self.direct.replace(f"//{USER}:", f"//{SUPERUSER}:")

    @property
    def pooled(self) -> str:
        """The address of the pooler in transaction mode."""
        return f"postgresql://{USER}:{ENCODED}@localhost:{self.pooler_port}/iplance?sslmode=require&pgbouncer=true"

    @property
    def redis(self) -> str:
        """The address of Redis with TLS and an ACL user."""
        return f"rediss://{USER}:{ENCODED}@localhost:{self.redis_port}/0"

    def start(self) -> Self:
        """Start all three and wait until they accept connections."""
        self.folder.chmod(0o755)
        self._certificates()
        self._start_postgres()
        self._start_pooler()
        self._start_redis()
        return self

    def stop(self) -> None:
        """Stop them, last started first."""
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)

    def log(self) -> str:
        """Return the ends of the logs, for an error."""
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(self.folder.glob("*.log")))

    def _certificates(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.cert_chain_pems[0].write_to_path(self.folder / "server.pem")
        certificate.private_key_pem.write_to_path(self.folder / "server.key")
        self._give(self.folder / "server.key", 0o600)

    def _give(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        shutil.chown(path, "postgres", "postgres")

    def _home(self, name: str) -> Path:
        home = self.folder / name
        home.mkdir()
        self._give(home, 0o700)
        return home

    def _run(self, *command: str, feed: str = "") -> None:
        account = pwd.getpwnam("postgres")
        done = subprocess.run(  # noqa: S603 - programs of the system
            command,
            input=feed,
            text=True,
            capture_output=True,
            check=False,
            cwd="/",
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
        )
        assert done.returncode == 0, done.stderr

    def _spawn(self, name: str, *command: str, port: int) -> None:
        account = pwd.getpwnam("postgres")
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children.append(
                subprocess.Popen(  # noqa: S603 - programs of the system
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    user=account.pw_uid,
                    group=account.pw_gid,
                    extra_groups=[],
                    start_new_session=True,
                )
            )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return
            except OSError:
                assert self.children[-1].poll() is None, self.log()
                assert time.monotonic() < end, self.log()
                time.sleep(0.1)

    def _start_postgres(self) -> None:
        data = self._home("postgres") / "data"
        self._run(str(POSTGRES_BIN / "initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        hba = "local all postgres trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        (data / "pg_hba.conf").write_text(hba)  # nothing without TLS
        self._run(str(POSTGRES_BIN / "postgres"), "--single", "-D", str(data), "postgres",
                  feed=f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{PASSWORD}';\n"
                       f"CREATE ROLE {SUPERUSER} LOGIN SUPERUSER PASSWORD '{PASSWORD}';\n"
                       f"CREATE DATABASE iplance OWNER {USER};\n")  # fmt: skip
        settings = {
            "port": str(self.postgres_port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(data.parent),
            "ssl": "on",
            "ssl_cert_file": str(self.folder / "server.pem"),
            "ssl_key_file": str(self.folder / "server.key"),
            "fsync": "off",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._spawn("postgres", str(POSTGRES_BIN / "postgres"), "-D", str(data), *options, port=self.postgres_port)

    def _start_pooler(self) -> None:
        home = self._home("pgbouncer")
        (home / "users.txt").write_text(f'"{USER}" "{PASSWORD}"\n')
        (home / "pgbouncer.ini").write_text(
            f"""[databases]
* = host=127.0.0.1 port={self.postgres_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.pooler_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {home / "users.txt"}
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
server_tls_sslmode = require
client_tls_sslmode = require
client_tls_cert_file = {self.folder / "server.pem"}
client_tls_key_file = {self.folder / "server.key"}
"""
        )
        for path in home.iterdir():
            self._give(path, 0o600)
        self._spawn("pgbouncer", "/usr/sbin/pgbouncer", str(home / "pgbouncer.ini"), port=self.pooler_port)

    def _start_redis(self) -> None:
        home = self._home("redis")
        (home / "redis.conf").write_text(
            f"""bind 127.0.0.1
port 0
tls-port {self.redis_port}
tls-cert-file {self.folder / "server.pem"}
tls-key-file {self.folder / "server.key"}
tls-ca-cert-file {self.ca}
tls-auth-clients no
dir {home}
appendonly yes
maxmemory-policy noeviction
user default off
user {USER} on >{PASSWORD} ~* &* +@all
"""
        )
        self._give(home / "redis.conf", 0o600)
        self._spawn("redis", "/usr/bin/redis-server", str(home / "redis.conf"), port=self.redis_port)


def environment(outside: Outside, **changes: str) -> dict[str, str]:
    """Return the environment of the application: the authority is trusted as a public one would be."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}  # noqa: TID251 - for children
    return (
        kept
        | {
            "SSL_CERT_FILE": str(outside.ca),
            "REDIS_URL": outside.redis,
            "METRICS_PORT": "0",
            "DEMO": "0",
        }
        | changes
    )
