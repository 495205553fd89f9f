"""`/me` while eight people sign in without pause, and how many sign-ins per second the machine allows."""

import json
import statistics
import subprocess
import sys
from typing import Any

from bench.environment import PASSWORD, Person, Served
from bench.load import client, result
from bench.report import Goal, Section, at_least
from bench.run import Run

PACE = 100
CEILING = """
import bcrypt, sys, threading, time
seconds, count, end = float(sys.argv[1]), 0, 0.0
lock, salt = threading.Lock(), bcrypt.gensalt(12)
def work():
    global count
    while time.perf_counter() < end:
        bcrypt.hashpw(b"a long bench passphrase", salt)
        with lock: count += 1
began = time.perf_counter(); end = began + seconds
threads = [threading.Thread(target=work) for _ in range(2)]
[each.start() for each in threads]; [each.join() for each in threads]
print(count / (time.perf_counter() - began))
"""


def _probe(web: Served, person: Person, seconds: float) -> subprocess.Popen[str]:
    return client(
        {
            "host": "127.0.0.1",
            "port": web.port,
            "paths": ["/api/v1/auth/me"],
            "headers": person.bearer,
            "connections": 16,
            "seconds": seconds,
            "pace": PACE,
        }
    )


def _sign_ins(web: Served, people: list[Person], seconds: float) -> subprocess.Popen[str]:
    return client(
        {
            "host": "127.0.0.1",
            "port": web.port,
            "method": "POST",
            "paths": ["/api/v1/auth/login"],
            "bodies": [json.dumps({"username": each.username, "password": PASSWORD}) for each in people],
            "connections": len(people),
            "seconds": seconds,
        }
    )


def _ceiling(seconds: float) -> float:
    done = subprocess.run([sys.executable, "-c", CEILING, str(seconds)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(run: Run) -> list[Section]:
    """Interleave three measurements: the limit, idle, under load."""
    seconds = max(8, run.seconds)
    runs: list[dict[str, Any]] = []
    with run.world.iplance() as web:
        people, reader = run.world.people(web), run.world.reader(web)
        for number in range(run.rounds):
            idle = result(_probe(web, reader, seconds))
            load = _sign_ins(web, people, seconds + 2)
            beside = result(_probe(web, reader, seconds))
            loaded = result(load)
            runs.append({"ceiling": _ceiling(seconds), "idle": idle, "beside": beside, "sign-ins": loaded})
            print(f"  {number + 1}/{run.rounds} {loaded['codes']}", file=sys.stderr, flush=True)

    def median(entry: str, key: str) -> float:
        return statistics.median(each[entry][key] for each in runs)

    ceiling = statistics.median(each["ceiling"] for each in runs)
    refused = sum(each["sign-ins"]["bad"] for each in runs)
    rows = [
        [
            "`/me`, idle",
            f"{median('idle', 'rps'):.0f}",
            f"{median('idle', 'p50'):.2f}",
            f"{median('idle', 'p99'):.2f}",
            _bad(runs, "idle"),
        ],
        [
            "`/me` beside eight sign-ins",
            f"{median('beside', 'rps'):.0f}",
            f"{median('beside', 'p50'):.2f}",
            f"{median('beside', 'p99'):.2f}",
            _bad(runs, "beside"),
        ],
        [
            "sign-ins",
            f"{median('sign-ins', 'rps'):.2f}",
            f"{median('sign-ins', 'p50'):.0f}",
            f"{median('sign-ins', 'p99'):.0f}",
            str(refused),
        ],
        ["bcrypt alone, cost 12, two threads (ceiling)", f"{ceiling:.2f}", "", "", ""],
    ]
    section = Section(
        "`/me` beside sign-ins",
        ["entry", "per second", "p50 ms", "p99 ms", "not 2xx"],
        rows,
        how=f"{run.rounds} rounds of {seconds} s; `/me` by an open-loop probe at {PACE}/s, from the due moment.",
    )
    slower = statistics.median(each["beside"]["p99"] / each["idle"]["p99"] for each in runs)
    unanswered = sum(each["beside"]["bad"] + each["idle"]["bad"] for each in runs)
    section.goals = [
        Goal(
            "`/me` p99 beside eight endless sign-ins, to idle", "≤ 3", f"{slower:.2f}", slower <= 3 and not unanswered
        ),
        at_least("sign-ins against the bcrypt ceiling", median("sign-ins", "rps") / ceiling, 0.65, clean=not refused),
    ]
    return [section]


def _bad(runs: list[dict[str, Any]], entry: str) -> str:
    return str(sum(each[entry]["bad"] for each in runs))
