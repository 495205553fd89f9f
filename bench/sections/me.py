"""Authenticated `GET /api/v1/auth/me` against the minimum stack (c)."""

import time

import jwt

from bench.load import Target, compare
from bench.report import Section, at_least, figures
from bench.run import Run


def measure(run: Run) -> list[Section]:
    """Compare with 32 connections."""
    with run.world.iplance() as web, run.world.baseline() as least:
        person = run.world.people(web)[0]
        claims = {"sub": person.id, "jti": "bench", "aud": "bench", "exp": int(time.time()) + 36_000}
        token = jwt.encode(claims, run.world.secret, algorithm="HS256")
        found = compare(
            [
                Target("minimum stack (c)", least.port, ("/me",), {"Authorization": f"Bearer {token}"}, least.pid),
                Target("ipLance `/api/v1/auth/me`", web.port, ("/api/v1/auth/me",), person.bearer, web.pid),
                Target("ipLance, the token in its cookie", web.port, ("/api/v1/auth/me",), person.cookie, web.pid),
            ],
            rounds=run.rounds,
            seconds=run.seconds,
        )
    section = figures("Authenticated `/me`", found, how=run.how())
    base, ours, cookie = found
    section.goals = [
        at_least("`/me` against (c)", ours.against(base), 1.0, clean=not ours.bad),
        at_least("`/me` with a cookie against (c)", cookie.against(base), 1.0, clean=not cookie.bad),
    ]
    return [section]
