"""First and second start of `make up` from a clean clone, and the memory of all its processes."""

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from app.core.config import ROOT
from bench.environment import DATA, end, environment, free_port, wait_for
from bench.report import Section, at_most, within
from bench.run import Run

MEGABYTE = 2**20
FIRST, SECOND = 25, 4
"""How often the time of importing the application a start may take: the second start imports it, starts PostgreSQL and
Valkey and reads the demonstration data; the first also installs packages, creates the database and fills it."""


def _start(clone: Path, ports: dict[str, str]) -> tuple[float, subprocess.Popen[bytes]]:
    log = (clone / "up.log").open("ab")
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "up"], cwd=clone, env=environment(**ports), stdout=log, stderr=log, start_new_session=True
    )
    wait_for(int(ports["PORT"]), "/", process, 600)
    return time.monotonic() - began, process


def _import() -> float:
    """Return the seconds that a new process needs to import the application: the part no start can leave out."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import app.main"], cwd=ROOT, env=environment(), check=True)
    return time.monotonic() - began


def _weigh(process: subprocess.Popen[bytes], folder: Path) -> list[tuple[str, float, float]]:
    """Return name, resident and proportional megabytes of every process of this site."""
    tree = {each.pid: each for each in psutil.Process(process.pid).children(recursive=True)}
    for each in psutil.process_iter():  # the servers run in sessions of their own
        try:
            if str(folder) in " ".join(each.cmdline()) or str(folder) in each.cwd():
                tree |= {child.pid: child for child in (each, *each.children(recursive=True))}
        except psutil.Error:
            continue
    weights: dict[str, list[float]] = {}
    for each in tree.values():
        try:
            memory = each.memory_full_info()
            sums = weights.setdefault(_name(each), [0.0, 0.0, 0])
        except psutil.Error:
            continue
        sums[0] += memory.rss / MEGABYTE
        sums[1] += getattr(memory, "pss", memory.rss) / MEGABYTE
        sums[2] += 1
    return sorted(
        (
            (f"{name} ({count:.0f} processes)" if count > 1 else name, rss, pss)
            for name, (rss, pss, count) in weights.items()
        ),
        key=lambda each: -each[2],
    )


def _name(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    if process.name().startswith("postgres"):
        return "PostgreSQL"
    for mark, name in (
        ("valkey-server", "Valkey"),
        ("uvicorn", "web"),
        ("flower", "Flower"),
        (" beat", "beat"),
        (" worker", "worker"),
        ("mail_catcher", "mail catcher"),
        ("app.local.servers", "keeper"),
        ("supervis", "supervisor"),
        ("make", "make"),
    ):
        if mark in words:
            return name
    return process.name()


def measure(run: Run) -> list[Section]:
    """Clone the committed state, start twice, and measure memory after a first request."""
    del run
    clone = DATA / "bench-clone"
    shutil.rmtree(clone, ignore_errors=True)
    clone.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    ports = {name: str(free_port()) for name in ("PORT", "FLOWER_PORT", "METRICS_PORT", "MAIL_CATCHER_PORT")}
    first, process = _start(clone, ports)
    end(process)
    seconds, imports = list[float](), list[float]()
    weights: list[tuple[str, float, float]] = []
    for number in range(3):
        imports.append(_import())
        second, process = _start(clone, ports)
        seconds.append(second)
        if number == 2:
            time.sleep(8)
            weights = _weigh(process, clone)
        end(process)
    shutil.rmtree(clone, ignore_errors=True)
    middle, importing = sorted(seconds)[1], statistics.median(imports)
    starts = Section(
        "Start",
        ["`make up` to the first page", "seconds"],
        [
            ["first, clean clone, warm package caches", f"{first:.1f}"],
            ["second, median of three", f"{middle:.1f} ({', '.join(f'{each:.1f}' for each in seconds)})"],
            ["importing the application in a new process, median of three", f"{importing:.1f}"],
        ],
        how="A clone of the last commit; until `GET /` answers 200.",
    )
    starts.goals = [
        within("first start with warm package caches, to importing", first / importing, FIRST, first, 60, " s"),
        within("second start to the first page, to importing", middle / importing, SECOND, middle, 6, " s"),
    ]
    whole = sum(pss for _name, _rss, pss in weights)
    web = next((rss for name, rss, _pss in weights if name.startswith("web")), float("nan"))
    memory = Section(
        "Resident memory of the local stack",
        ["process", "RSS MB", "PSS MB"],
        [[name, f"{rss:.0f}", f"{pss:.0f}"] for name, rss, pss in weights]
        + [["**whole**", f"{sum(rss for _name, rss, _pss in weights):.0f}", f"{whole:.0f}"]],
        how="Eight seconds after the first page, demonstration data. RSS counts shared pages each time, PSS once.",
    )
    memory.goals = [
        at_most("web process, RSS", web, 150, " MB"),
        at_most("whole local stack, PSS", whole, 700, " MB"),
        at_most("whole local stack, RSS summed", sum(rss for _name, rss, _pss in weights), 700, " MB"),
    ]
    return [starts, memory]
