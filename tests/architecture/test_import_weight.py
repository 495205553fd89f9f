"""The web process does not load rarely needed libraries: memory and start time are limited."""

import subprocess
import sys

import pytest

from tests.architecture.test_structure import ROOT

SELDOM = ("PIL", "cryptography", "httpx", "obstore", "pypdfium2", "rich", "supabase", "zxcvbn")
"""Each costs megabytes and tens of milliseconds: import it in the function that needs it."""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Return the modules that a new process has loaded when it is ready to serve."""
    script = "import sys, app.main; print(*(name for name, module in sys.modules.items() if module))"
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return set(told.stdout.split())


@pytest.mark.parametrize("library", SELDOM)
def test_the_site_does_not_load_it(loaded: set[str], library: str) -> None:
    assert "fastapi" in loaded
    assert library not in loaded
