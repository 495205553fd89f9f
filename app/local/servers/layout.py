"""Paths of the bundled servers' data, sockets and logs, and the system user they run as."""

import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
KINDS: tuple[str, ...] = ("postgres", "valkey")
SOCKET_NAME = ".s.PGSQL.5432"
MAX_SOCKET_PATH_LENGTH = 100  # sun_path is 104 bytes on macOS, 108 on Linux
SHARED_HOME = Path("/var/lib/iplance")  # used by root only, when the checkout is closed to other users


class ServersError(RuntimeError):
    """The bundled servers cannot run; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system user of the servers when this process is root: PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    name: str


class Layout:
    """All paths below a data folder that the servers and their users share."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = (data_dir if data_dir.is_absolute() else ROOT / data_dir).resolve()
        self.run = self.data_dir / "run"
        self.logs = self.data_dir / "logs"
        self.keeper_lock = self.run / "keeper.lock"
        self.spawn_lock = self.run / "spawn.lock"
        self.addresses = self.run / "servers.json"
        self.failure = self.run / "keeper.error"

    def users_lock(self, kind: str) -> Path:
        """Return the lock file that every process using the server holds shared."""
        return self.run / f"{kind}.users"

    def prepare(self) -> None:
        """Create the folders, or raise an error with one sentence."""
        try:
            for folder in (self.data_dir, self.run, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == self.data_dir.stat().st_uid:
                # Root's servers run as another user, who must be able to enter; the secrets inside have mode 0600.
                self.data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
                self.logs.chmod(0o700)
            probe = self.run / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except (OSError, PermissionError) as error:
            raise ServersError(
                f"Cannot write in the data folder {self.data_dir} ({error.strerror or error}): "
                "give this user the right to write there, or choose another folder with DATA_DIR."
            ) from error


def write_private(path: Path, text: str) -> None:
    """Replace a whole file, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def read_json(path: Path) -> dict[str, str]:
    """Read a small JSON file of strings; empty when it is missing or incomplete."""
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def package_folder(name: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServersError(
            f"The bundled servers are not installed (the package {name} is missing): "
            "install requirements.txt, or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])


class ResolvedLayout:
    """The resolved paths and the account that a running keeper uses."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.account = _account(layout)
        self.closed = False
        """Tell whether there is data that the account cannot reach: a folder was closed, or moved into a closed one."""
        self.home = self._home()
        self.sockets = self._sockets()

    def data(self, kind: str) -> Path:
        """Return the server's own folder."""
        return self.home / kind

    def binaries(self, package: str, libraries: str | None = None) -> Path:
        """Return the package's folder, copied to an accessible place when the account cannot reach it."""
        source = package_folder(package)
        if self.account is None or _reachable(source, self.account):
            return source
        version = hashlib.sha256(f"{source}{source.stat().st_mtime_ns}".encode()).hexdigest()[:12]
        target = SHARED_HOME / f"programs-{version}"
        if not (target / package).is_dir():
            _copy_open(source, target / package)
        if libraries and (source.parent / libraries).is_dir() and not (target / libraries).is_dir():
            _copy_open(source.parent / libraries, target / libraries)
        return target / package

    def own(self, folder: Path) -> None:
        """Make the account the owner of a new folder, closed to everybody else."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid)

    def refuse_closed(self) -> None:
        """Refuse to start with data that the account cannot reach, instead of creating new data beside it."""
        if self.closed and self.account is not None:
            raise ServersError(
                f"PostgreSQL does not run as root, and the user {self.account.name} cannot enter "
                f"{self.layout.data_dir}, where the data is: let others pass through the folders above it "
                "(chmod o+x), or move the project."
            )

    def popen_user(self) -> dict[str, int | list[int]]:
        """Return the arguments of `subprocess` that switch to the account."""
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def _home(self) -> Path:
        if self.account is None or _reachable(self.layout.data_dir, self.account):
            return self.layout.data_dir
        data = self.layout.data_dir / "postgres"
        if data.is_dir() and not data.is_symlink():
            self.closed = True
            return self.layout.data_dir
        mark = self.layout.data_dir / "servers.id"
        if not mark.exists():
            write_private(mark, secrets.token_hex(8))
        home = SHARED_HOME / f"data-{mark.read_text(encoding='utf-8').strip()}"
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServersError(
                f"PostgreSQL does not run as root, and the user {self.account.name} can reach neither "
                f"{self.layout.data_dir} nor {SHARED_HOME}: choose an open folder with DATA_DIR."
            ) from error
        SHARED_HOME.chmod(0o711)
        home.chmod(0o711)
        for kind in KINDS:
            link = self.layout.data_dir / kind
            if not link.exists() and not link.is_symlink():
                link.symlink_to(home / kind)
        return home

    def _sockets(self) -> Path:
        folder = self.home / "run" / "sockets"
        if len(os.fsencode(folder / SOCKET_NAME)) > MAX_SOCKET_PATH_LENGTH:
            name = hashlib.sha256(str(self.home).encode()).hexdigest()[:10]
            folder = Path(tempfile.gettempdir()) / f"iplance-{os.geteuid()}-{name}"
        if folder.is_symlink():
            raise ServersError(f"{folder} is a link somebody else made: remove it and start again.")
        if self.home != self.layout.data_dir:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.parent.chmod(0o711)
        self.own(folder)
        owner = folder.stat().st_uid
        if owner not in {os.geteuid(), self.account.uid if self.account else -1}:
            raise ServersError(f"{folder} belongs to somebody else: remove it and start again.")
        return folder


def _account(layout: Layout) -> Account | None:
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - Windows has no such module

    data = layout.data_dir / "postgres"
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid, str(owner.st_uid))
    for attempt in range(2):
        for name in ("embedded_postgres",) if attempt == 0 else ("embedded_postgres", "postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(entry.pw_uid, entry.pw_gid, name)
        useradd = shutil.which("useradd")
        if useradd:
            subprocess.run(  # noqa: S603 - a fixed command of the system
                [
                    useradd,
                    "--system",
                    "--no-create-home",
                    "--shell",
                    "/usr/sbin/nologin",
                    "embedded_postgres",
                ],
                check=False,
                capture_output=True,
            )
    raise ServersError(
        "PostgreSQL does not run as root and no other user could be made: start as an ordinary user, "
        "or set DATABASE_URL and REDIS_URL."
    )


def _reachable(path: Path, account: Account) -> bool:
    found = subprocess.run(  # noqa: S603 - a fixed command of the system
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        check=False,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
    )
    return found.returncode == 0


def _copy_open(source: Path, target: Path) -> None:
    """Copy, then rename, so that an incomplete copy is never used."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for folder in (SHARED_HOME, target.parent):
        folder.chmod(0o711)
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".copy-"))
    shutil.copytree(source, part / "x", symlinks=True, ignore=shutil.ignore_patterns("include", "__pycache__", "*.a"))
    for path in (part / "x", *(part / "x").rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if runnable else 0o644)
    try:
        (part / "x").rename(target)
    except OSError:
        if not target.is_dir():
            raise
    shutil.rmtree(part, ignore_errors=True)
