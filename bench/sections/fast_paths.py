"""Each fast path on and off: the processor time of the same addresses, in the same run."""

import time
from typing import Any
from urllib.parse import quote

from bench.environment import Served, World
from bench.load import CONNECTIONS, Target, compare
from bench.report import Section, at_least
from bench.run import Run

HTML = {"Accept": "text/html", "Accept-Language": "ru"}
LEAST = 1.1
"""A fast path that saves less than a tenth is removed."""
SETTLING_SECONDS = 8
"""The OpenAPI document is built in the background five seconds after the start."""


def measure(run: Run) -> list[Section]:
    """Serve ipLance with and without each fast path, and compare the addresses that use it."""
    section = Section(
        "Fast paths on and off",
        ["fast path", "address", "CPU µs/request without", "with", "without / with", "req/s with / without"],
        how=run.how(),
    )
    with run.world.iplance() as fast:
        addresses = _addresses(run.world, fast)
        for name, entries in addresses.items():
            with run.world.iplance(f"bench.without:{name}", "--factory") as plain:
                time.sleep(SETTLING_SECONDS)
                for entry in entries:
                    _compare(run, section, name, entry, plain, fast)
    return [section]


def _compare(run: Run, section: Section, name: str, entry: dict[str, Any], plain: Served, fast: Served) -> None:
    path, headers = (entry["path"],), entry["headers"]
    # With several connections a request would find fragments that another one has rendered after the cache was cleared.
    connections = 1 if name == "cached_fragments" else CONNECTIONS
    targets = [
        Target(f"{entry['name']} without {name}", plain.port, path, headers, plain.pid, connections),
        Target(f"{entry['name']} with {name}", fast.port, path, headers, fast.pid, connections),
    ]
    off, on = compare(targets, rounds=run.rounds, seconds=run.seconds)
    ratio = off.times(on, "cpu_us")
    numbers = [f"{off.cpu_us:.0f}", f"{on.cpu_us:.0f}", f"{ratio:.2f}", f"{on.against(off):.2f}"]
    section.rows.append([name.replace("_", " "), entry["name"], *numbers])
    what = f"{name.replace('_', ' ')}, {entry['name']}: processor time without, to with"
    section.goals.append(at_least(what, ratio, LEAST, clean=not (off.bad or on.bad)))


def _addresses(world: World, web: Served) -> dict[str, list[dict[str, Any]]]:
    """Return for each fast path (a factory of `bench/without.py`) the addresses that use it."""
    person = world.reader(web)

    def entry(name: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
        return {"name": name, "path": path, "headers": headers}

    me = entry("`/me`", "/api/v1/auth/me", person.bearer)
    words = entry("search", f"/api/v1/orders?q={quote('логотип')}&sort=newest", {})
    order_page = entry("list of orders as page, signed in", "/orders", HTML | person.cookie)
    people_page = entry("freelancers as page", "/freelancers", HTML)
    return {
        "fast_responses": [
            me,
            entry("list of orders", "/api/v1/orders", {}),
            words,
            entry("list of orders as page", "/orders", HTML),
        ],
        "raw_read_pool": [me, entry("conversations", "/api/v1/conversations", person.bearer)],
        "data_loader": [me],
        "cached_fragments": [order_page],
        "feature_routers": [entry("conversations", "/api/v1/conversations", person.bearer), people_page],
    }
