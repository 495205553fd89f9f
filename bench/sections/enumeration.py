"""Whether response times reveal that an account exists: sign-in with a wrong password, and password reset requests."""

import http.client
import json
import secrets
import statistics
import time
from collections.abc import Callable

from bench.environment import PASSWORD, Served, call
from bench.report import Goal, Section
from bench.run import Run

GUESSES = 3
"""Wrong passwords per account; the fifth locks sign-in for a while, which would change the measured time."""
RESETS = 25
SMALLEST, LARGEST = 0.8, 1.25
LOGIN, RESET = "/api/v1/auth/login", "/api/v1/auth/password/reset"


def _ask(connection: http.client.HTTPConnection, path: str, body: dict[str, str], expected: int) -> float:
    """Return the milliseconds until the response is complete."""
    began = time.perf_counter()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != expected:
        raise SystemExit(f"{path} answered {answer.status}: {said.decode()}")
    return took


def _new_people(web: Served, count: int) -> list[str]:
    """Create accounts for this run only, so that their wrong passwords do not affect sign-in of the others."""
    names = [f"asked_{secrets.token_hex(6)}" for _ in range(count)]
    for name in names:
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        if call(web.port, "/api/v1/auth/register", body)[0] is None:
            raise SystemExit(f"{name} could not register")
    return names


def _pairs(known: list[str], times: int, ask: Callable[[str], float]) -> tuple[list[float], list[float]]:
    """Alternate requests for known and unknown names, and reverse the order each time."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(times):
        for name in known:
            asked = [(0, name), (1, f"{name[:-4]}{secrets.token_hex(2)}")]
            for which, typed in asked if number % 2 else reversed(asked):
                found[which].append(ask(typed))
    return found


def measure(run: Run) -> list[Section]:
    """Interleave known and unknown names on one connection, without other load."""
    with run.world.iplance() as web:
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        known = _new_people(web, 4 * run.rounds)
        wrong = {"password": "no password of anybody here"}
        _ask(connection, LOGIN, {"username": "nobody_warms_up", **wrong}, 401)
        results = {
            "sign-in, wrong password": _pairs(
                known, GUESSES, lambda name: _ask(connection, LOGIN, {"username": name, **wrong}, 401)
            ),
            "asking for a reset": _pairs(
                known,
                RESETS,
                lambda name: _ask(connection, RESET, {"identifier": f"{name}@example.com"}, 202),
            ),
        }
        connection.close()
    section = Section(
        "Known and unknown names",
        ["answer", "known p50 ms", "unknown p50 ms", "unknown / known", "samples each"],
        how="One connection, known and unknown in turn, medians; accounts made for this run.",
    )
    for name, (there, nobody) in results.items():
        medians = statistics.median(there), statistics.median(nobody)
        ratio = medians[1] / medians[0]
        section.rows.append([name, f"{medians[0]:.2f}", f"{medians[1]:.2f}", f"{ratio:.2f}", str(len(there))])
        goal = f"{SMALLEST} … {LARGEST}"
        section.goals.append(Goal(f"{name}: unknown to known", goal, f"{ratio:.2f}", SMALLEST <= ratio <= LARGEST))
    return [section]
