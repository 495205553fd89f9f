"""The processes of `make up`, and how each is started, stopped and restarted."""

import sys
from dataclasses import dataclass
from pathlib import Path

from app.local.servers.layout import ROOT

KEEPER = "keeper"


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process."""

    name: str
    module: str
    arguments: tuple[str, ...]
    stop_seconds: int = 20
    niceness: int = 0
    """Niceness: the site has priority over background work."""
    after_port: int = 0
    """Port to wait for before the start, for a limited time; 0 starts at once."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings of this machine."""

    data_dir: Path
    host: str
    port: int
    flower_port: int
    worker_concurrency: int
    bundled: bool
    durable: bool
    mail_port: int | None
    """Port of the mail catcher; None when there is a real mail server."""
    metrics_port: int
    """Port of the page of metrics; 0 where it is off."""
    sandbox_host: str = "127.0.0.1"
    sandbox_port: int | None = None
    """Port of the sandbox payment provider; None where the instance has none."""
    flower: bool = True
    """Whether Flower runs: not in production without a password."""


def programs(choices: Choices) -> list[Program]:
    """Return the programs in the order of their start; the keeper ends last."""
    celery = ("-A", "app.tasks.config_tasks")
    # With one task at a time a second process with all modules is not needed; the event loop enforces the time limit.
    one = choices.worker_concurrency == 1
    pool = "--pool=solo" if one else f"--concurrency={choices.worker_concurrency}"
    quiet = ("--without-gossip", "--without-mingle")
    found = [
        Program(
            "web",
            "uvicorn",
            (
                "app.main:app",
                *("--host", choices.host, "--port", str(choices.port)),
                *("--no-server-header", "--no-proxy-headers", "--timeout-graceful-shutdown", "10"),
            ),
        ),
        Program(
            "worker",
            "celery",
            (*celery, "worker", pool, *quiet, "-Q", "iplance,iplance-mail"),
            stop_seconds=60,
            niceness=5,
            after_port=choices.port,
        ),
        Program(
            "files",
            "celery",
            # The checks of files are slow, and each runs in a process of its own anyway.
            (*celery, "worker", "--pool=solo", *quiet, "-Q", "iplance-files", "--hostname=files@%h"),
            stop_seconds=60,
            niceness=10,
            after_port=choices.port,
        ),
        Program(
            "beat",
            "celery",
            (*celery, "beat", "--pidfile="),
            niceness=5,
            after_port=choices.port,
        ),
    ]
    if choices.flower:
        found.append(
            Program(
                "flower",
                "celery",
                (*celery, "flower", f"--port={choices.flower_port}", "--address=127.0.0.1"),
                niceness=10,
                after_port=choices.port,
            )
        )
    if choices.mail_port is not None:
        found.append(
            Program(
                "mail",
                "app.gateways.mail_catcher",
                (str(choices.data_dir / "mail"), "127.0.0.1", str(choices.mail_port)),
                after_port=choices.port,
            )
        )
    if choices.sandbox_port is not None:
        found.append(
            Program(
                "sandbox",
                "app.sandbox",
                (choices.sandbox_host, str(choices.sandbox_port)),
                niceness=5,
                after_port=choices.port,
            )
        )
    if choices.bundled:
        quick = () if choices.durable else ("--not-durable",)
        arguments = ("--data-dir", str(choices.data_dir), "--supervised", *quick)
        found.insert(0, Program(KEEPER, "app.local.servers", arguments, stop_seconds=60))
    return found


def configuration(choices: Choices) -> str:
    """Return supervisord's configuration: one group that ends together, and the keeper that ends after it."""
    logs = choices.data_dir / "logs"
    parts = [
        "[supervisord]\nnodaemon=true\nsilent=true\nminfds=1024\nloglevel=info",
        f"logfile={_value(logs / 'supervisor.log')}\nlogfile_maxbytes=10MB\nlogfile_backups=1",
        f"pidfile={_value(choices.data_dir / 'run' / 'supervisor.pid')}",
        # glibc gives every thread a heap of its own and returns little of it: nine megabytes of the site.
        f"environment={_environment(choices)}\n",
    ]
    group = [program.name for program in programs(choices) if program.name != KEEPER]
    parts.append(f"[group:iplance]\nprograms={','.join(group)}\npriority=100\n")
    parts += [_section(program, logs) for program in programs(choices)]
    return "\n".join(parts)


def _environment(choices: Choices) -> str:
    """Return the variables of all programs: the ports that this start has chosen are the settings of each of them."""
    variables = {"MALLOC_ARENA_MAX": 2, "METRICS_PORT": choices.metrics_port}
    if choices.mail_port is not None:
        variables["MAIL_CATCHER_PORT"] = choices.mail_port
    if choices.sandbox_port is not None:
        variables["SANDBOX_PORT"] = choices.sandbox_port
    return ",".join(f'{name}="{value}"' for name, value in variables.items())


def _section(program: Program, logs: Path) -> str:
    child = ("app.local.supervision.child", str(program.niceness), str(program.after_port), program.module)
    command = [sys.executable, "-m", *child, *program.arguments]
    return (
        f"[program:{program.name}]\n"
        f"command={' '.join(_quoted(part) for part in command)}\n"
        f"directory={_value(ROOT)}\n"
        f"priority={10 if program.name == KEEPER else 100}\n"
        "autostart=true\nautorestart=true\nstartsecs=1\nstartretries=20\n"
        f"stopsignal=TERM\nstopwaitsecs={program.stop_seconds}\nkillasgroup=true\n"
        f"redirect_stderr=true\nstdout_logfile={_value(logs / f'{program.name}.log')}\n"
        "stdout_logfile_maxbytes=10MB\nstdout_logfile_backups=1\n"
    )


def _value(path: Path) -> str:
    """Escape supervisord's own expansion; refuses a path with a line break or a comment sign."""
    text = str(path)
    if "\n" in text or " ;" in text:
        raise ValueError(f"the path {text!r} cannot be used: it has a line break or ' ;' in it")
    return text.replace("%", "%%")


def _quoted(part: str) -> str:
    """Quote for supervisord, which splits a command as a shell does."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
