"""No dependency is older than the version that fixed its known vulnerabilities, and none is abandoned."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
MINIMUM_VERSIONS: dict[str, tuple[str, str]] = json.loads((Path(__file__).parent / "minimum_versions.json").read_text())
ABANDONED = {"python-jose", "passlib", "ecdsa", "slowapi", "bleach"}


def pinned() -> dict[str, str]:
    """Return every pinned requirement."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        found |= dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", path.read_text(), re.MULTILINE))
    return found


@pytest.mark.parametrize("name", sorted(MINIMUM_VERSIONS))
def test_installed_and_pinned_versions_are_recent_enough(name: str) -> None:
    floor, why = MINIMUM_VERSIONS[name]
    assert Version(version(name)) >= Version(floor), why
    assert Version(pinned()[name]) >= Version(floor), why


def test_nothing_abandoned_is_pinned() -> None:
    assert pinned()
    assert ABANDONED & set(pinned()) == set()


def test_every_requirement_carries_its_hashes() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        entries = re.split(r"\n(?=[a-z0-9])", path.read_text())
        missing = [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
        assert missing == []
