"""Rating passwords costs a bounded time, in threads of its own, and few requests may wait for it."""

import asyncio
import threading
import time

import httpx
import pytest
from fastapi import FastAPI

from app.core.bounded_threads import BoundedThreads
from app.core.security.passwords import HashingBusyError
from app.features.identity.service import passwords
from tests.security.people import client_of

API = "/api/v1/auth"
SLOW = (
    "4@8({[</369&#!|0$5+7%2",
    "079[<0y!q[[r4965+@tq<$r17<1{3$(|",
    "r3y(8q%33eyy%tq$ty(e8|%%",
    "1991",
    "a4@ ",
    "qwerty12",
)
"""Texts that zxcvbn reads in many ways: look-alikes of letters, dates, words of its lists."""


@pytest.mark.parametrize("text", SLOW)
def test_no_password_takes_long_to_rate(text: str) -> None:
    spent = []
    for _attempt in range(3):
        began = time.thread_time()
        passwords._score(text * (512 // len(text)), ["anna", "anna@example.com"])
        spent.append(time.thread_time() - began)
    assert min(spent) < 0.5


async def test_twenty_a_minute_are_rated(app: FastAPI) -> None:
    client = client_of(app, peer="93.184.216.40")
    answers = [
        (await client.post(f"{API}/password-strength", json={"password": f"четыре слова рядом {number}"})).status_code
        for number in range(21)
    ]
    assert answers == [200] * 20 + [429]


async def test_work_beyond_the_queue_is_rejected() -> None:
    threads, go = BoundedThreads("test", 1, max_waiting=2, busy=HashingBusyError), threading.Event()
    first, second = (asyncio.ensure_future(threads.run(go.wait, 5)) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(HashingBusyError):
        await threads.run(int)
    # Who stops waiting leaves the work in its thread, which is busy until it ends.
    first.cancel()
    await asyncio.sleep(0)
    with pytest.raises(HashingBusyError):
        await threads.run(int)
    go.set()
    assert await second is True
    assert await threads.run(int) == 0


async def test_a_full_queue_answers_at_once(client: httpx.AsyncClient) -> None:
    go = threading.Event()
    waiting = [asyncio.ensure_future(passwords._rating.run(go.wait, 20)) for _ in range(passwords.MAX_RATINGS_WAITING)]
    await asyncio.sleep(0)
    try:
        answer = await client.post(f"{API}/password-strength", json={"password": "четыре слова рядом тут"})
        assert (answer.status_code, answer.json()["code"]) == (503, "rating-busy")
        page = await client.post("/password-strength", data={"password": "четыре слова рядом тут"})
        assert page.status_code == 503
    finally:
        go.set()
        await asyncio.gather(*waiting)
    answer = await client.post(f"{API}/password-strength", json={"password": "четыре слова рядом тут"})
    assert answer.status_code == 200
