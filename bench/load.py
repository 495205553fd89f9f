"""Interleaved comparison (A B C A B C …): medians over rounds, ratios, and the server's processor time per request."""

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
WRK = shutil.which("wrk")
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
CONNECTIONS = 32


@dataclass(frozen=True)
class Target:
    """One target of a measurement."""

    name: str
    port: int
    paths: tuple[str, ...]
    headers: dict[str, str] = field(default_factory=dict)
    pid: int | None = None
    connections: int = CONNECTIONS


@dataclass(frozen=True)
class Figure:
    """Medians of one target over the rounds."""

    name: str
    rps: float
    p50: float
    p99: float
    cpu_us: float
    low: float
    high: float
    bad: int
    first_p50: float = float("nan")
    runs: tuple[dict[str, Any], ...] = ()

    def against(self, other: "Figure") -> float:
        """Return the ratio of the requests per second."""
        return self.times(other, "rps")

    def times(self, other: "Figure", key: str) -> float:
        """Return the median of the ratios of each round: other load on the machine affects both entries of a round."""
        return statistics.median(
            ours[key] / max(theirs[key], 1e-9) for ours, theirs in zip(self.runs, other.runs, strict=True)
        )


def tool(*, own: bool = False) -> str:
    """Return the name of the load tool."""
    return "bench/client.py" if own or WRK is None else "wrk"


def cpu_seconds(pid: int | None) -> float:
    """Return the processor time that a process and its children have used."""
    if pid is None:
        return float("nan")
    total = 0.0
    process = psutil.Process(pid)
    for each in [process, *process.children(recursive=True)]:
        try:
            used = each.cpu_times()
        except psutil.Error:
            continue
        total += used.user + used.system
    return total


def client(plan: dict[str, Any]) -> subprocess.Popen[str]:
    """Start the asyncio load client; `result` waits for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.client"],
        cwd=HERE.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    process.stdin = None
    return process


def result(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what the client measured."""
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit("the load client failed")
    return json.loads(out)


def _own(target: Target, seconds: float) -> dict[str, Any]:
    return result(
        client(
            {
                "host": "127.0.0.1",
                "port": target.port,
                "paths": list(target.paths),
                "headers": target.headers,
                "connections": target.connections,
                "seconds": seconds,
            }
        )
    )


def _milliseconds(text: str) -> float:
    found = re.match(r"([\d.]+)(us|ms|s|m)$", text)
    assert found is not None
    return float(found[1]) * UNITS[found[2]]


def _wrk(target: Target, seconds: float) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(target.paths) + "\n")
        listed.flush()
        command = [str(WRK), "-t1", f"-c{target.connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
        for name, value in target.headers.items():
            command += ["-H", f"{name}: {value}"]
        command += ["-s", str(HERE / "paths.lua"), f"http://127.0.0.1:{target.port}/", "--", listed.name]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def number(pattern: str) -> str:
        found = re.search(pattern, out, re.MULTILINE)
        return found[1] if found else ""

    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return {
        "n": int(number(r"(\d+) requests in")),
        "rps": float(number(r"Requests/sec:\s+([\d.]+)")),
        "p50": _milliseconds(number(r"^\s+50%\s+(\S+)\s*$")),
        "p99": _milliseconds(number(r"^\s+99%\s+(\S+)\s*$")),
        "bad": int(number(r"Non-2xx or 3xx responses: (\d+)") or 0) + sum(map(int, errors.groups() if errors else ())),
    }


def compare(targets: list[Target], *, rounds: int, seconds: int, own: bool = False) -> list[Figure]:
    """Measure the targets in turn for several rounds, and return the medians."""
    runs: dict[str, list[dict[str, Any]]] = {target.name: [] for target in targets}
    for target in targets:  # connections, caches and plans are warm before the first round
        found = (_own if own or WRK is None else _wrk)(target, 1)
        if found["bad"]:
            raise SystemExit(f"{target.name}: {found['bad']} of {found['n']} answers were refused")
    for number in range(rounds):
        for target in targets:
            before = cpu_seconds(target.pid)
            found = (_own if own or WRK is None else _wrk)(target, seconds)
            found["cpu_us"] = (cpu_seconds(target.pid) - before) / max(1, found["n"]) * 1e6
            runs[target.name].append(found)
            print(f"  {number + 1}/{rounds} {target.name}: {found['rps']:.0f} req/s", file=sys.stderr, flush=True)
    return [_figure(name, found) for name, found in runs.items()]


def _figure(name: str, runs: list[dict[str, Any]]) -> Figure:
    def median(key: str) -> float:
        return statistics.median(run.get(key, float("nan")) for run in runs)

    return Figure(
        name=name,
        rps=median("rps"),
        p50=median("p50"),
        p99=median("p99"),
        cpu_us=median("cpu_us"),
        low=min(run["rps"] for run in runs),
        high=max(run["rps"] for run in runs),
        bad=sum(run["bad"] for run in runs),
        first_p50=median("first_p50"),
        runs=tuple(runs),
    )
