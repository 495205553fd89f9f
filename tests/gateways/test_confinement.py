"""The inspecting process: what it cannot reach, and that a system without the means says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.gateways.file_inspection import confinement, inspector
from app.gateways.file_inspection.inspector import InspectionRequest, inspect, missing_protections
from tests.factories.files import PDF, picture

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
import json, os, socket, sys
from pathlib import Path
from app.gateways.file_inspection import confinement
"""
ATTACK = """
folder, source, secret = (Path(argument) for argument in sys.argv[1:4])
listing = Path("app")
missing = confinement.confine(folder, source)
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"
print(json.dumps({
    "missing": missing,
    "source": tried(source.read_bytes),
    "own file": tried(lambda: (folder / "main").write_bytes(b"x")),
    "program": tried(lambda: Path(os.__file__).read_bytes()),
    "secret": tried(secret.read_bytes),
    "environment of others": tried(Path(f"/proc/{os.getppid()}/environ").read_bytes),
    "settings": tried(lambda: list(Path(".").iterdir())),
    "change the source's neighbour": tried(lambda: secret.write_bytes(b"x")),
    "remove the source": tried(source.unlink),
    "internet": tried(lambda: socket.socket(socket.AF_INET)),
    "datagrams": tried(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
    "local servers": tried(lambda: socket.socket(socket.AF_UNIX)),
    "program start": tried(lambda: os.execv("/bin/true", ["true"])),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
}))
"""


def run(code: str, *arguments: Path) -> dict[str, object]:
    """Run lines in a process like the inspecting one and return what they print."""
    told = subprocess.run(  # noqa: S603 - our own lines
        [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
        cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    result: dict[str, object] = json.loads(told.stdout)
    return result


@pytest.fixture
def confined(tmp_path: Path) -> dict[str, object]:
    """What a confined process reached."""
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "source").write_bytes(b"text")
    (outside / "secret").write_bytes(b"key")
    return run(ATTACK, folder, outside / "source", outside / "secret")


def test_it_does_its_work(confined: dict[str, object]) -> None:
    assert {confined[name] for name in ("source", "own file", "program")} == {"done"}


def test_it_has_no_network_and_starts_nothing(confined: dict[str, object]) -> None:
    if confinement.SYSTEM_CALLS in str(confined["missing"]):
        pytest.skip("this system has no seccomp")
    names = ("internet", "datagrams", "local servers", "program start", "signal")
    assert {name: confined[name] for name in names} == dict.fromkeys(names, "PermissionError")


def test_it_reaches_no_other_file(confined: dict[str, object]) -> None:
    if confinement.FILES in str(confined["missing"]):
        pytest.skip("this system has no Landlock")
    names = ("secret", "environment of others", "settings", "change the source's neighbour", "remove the source")
    assert {name: confined[name] for name in names} == dict.fromkeys(names, "PermissionError")


def test_a_system_without_the_means_says_so() -> None:
    told = run('sys.platform = "other"; print(json.dumps({"missing": confinement.confine()}))')
    assert told == {"missing": list(confinement.PROTECTIONS)}
    told = run('confinement.MACHINES.clear(); print(json.dumps({"missing": confinement.confine()}))')
    assert confinement.SYSTEM_CALLS in str(told["missing"])


async def test_pictures_and_documents_are_inspected_within(tmp_path: Path) -> None:
    for content, media_type in ((picture(), "image/png"), (PDF, "application/pdf"), (b"text", "text/plain")):
        folder = tmp_path / media_type.replace("/", "-")
        folder.mkdir()
        source = folder / "source"
        source.write_bytes(content)
        order = InspectionRequest(
            source=source, media_type=media_type, folder=folder, most_pixels=10**6, preview_pixels=64
        )
        found = await inspect(order)
        assert found.refusal is None
        assert (found.preview is None) == (media_type == "text/plain")


async def test_what_is_missing_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(await missing_protections() or ()) <= set(confinement.PROTECTIONS)
    monkeypatch.setattr(inspector, "_REPORTED", set[tuple[str, ...]]())
    with capture_logs() as logs:
        for _time in range(2):
            await inspector._report_missing(("files",))
        await inspector._report_missing(())
    assert [(line["event"], line["missing"]) for line in logs] == [("inspection_not_confined", ("files",))]
