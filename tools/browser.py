"""Finds the browser for the tests and installs one if there is none: `python -m tools.browser` prints its path."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
LAUNCH_SECONDS = 60


class NoBrowserError(RuntimeError):
    """No browser could be found or installed; the message lists what was tried."""


def launches(path: str) -> bool:
    """Tell whether the browser starts here: its shared libraries may be missing."""
    command = [path, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=LAUNCH_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"<html>" in done.stdout


def system_browser() -> str | None:
    """Return the system's Chromium or Chrome."""
    found = [shutil.which(name) for name in NAMES] + [str(MAC) if MAC.exists() else None]
    return next((path for path in found if path and launches(path)), None)


def playwright_browser() -> str | None:
    """Return the browser that Playwright downloaded, if there is one."""
    script = "from playwright.sync_api import sync_playwright as p\nwith p() as b: print(b.chromium.executable_path)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    path = done.stdout.strip()
    return path if path and Path(path).exists() and launches(path) else None


def find_browser() -> str | None:
    """Return a browser that starts, without installing anything."""
    return system_browser() or playwright_browser()


def install_browser() -> str:
    """Install the browser of Playwright, or else the one of the package manager.

    Raises:
        NoBrowserError: Neither could be installed.
    """
    tried = [f"none of {', '.join(NAMES)} starts here"]
    print("Fetching a browser for the tests", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, text=True, check=False
    )
    found = playwright_browser() if done.returncode == 0 else None
    if found:
        return found
    last = (done.stderr or done.stdout).strip().splitlines()[-1:]
    tried.append(f"`playwright install chromium` failed ({' '.join(last)})")
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        quiet = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run([apt, "-q", *arguments], check=False, stdout=sys.stderr, env=quiet)
        found = system_browser()
        if found:
            return found
        tried.append("`apt-get install chromium` gave no working browser")
    else:
        tried.append("the package manager needs root on Debian or Ubuntu")
    raise NoBrowserError(f"The tests need Chromium and none can be had: {'; '.join(tried)}. Install one and try again.")


def main() -> int:
    """Print the path, or the reason why there is no browser."""
    try:
        print(find_browser() or install_browser())
    except NoBrowserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
