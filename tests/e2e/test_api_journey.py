"""The same journey by a program, requirement by requirement, over the public API of the running site."""

import pytest

from tests.e2e.api_clients import PASSWORD, Person, somebody
from tests.e2e.mail import text_of
from tests.e2e.stack import Stack

pytestmark = pytest.mark.timeout(180)
BUDGET = {"amount": 8_000_000, "currency": "RUB"}
TITLE = "Настройка кофемашин и учёта зёрен"


async def test_a_program_does_what_the_pages_do(stack: Stack) -> None:
    # S13, S14, P1: two accounts, confirmed by the e-mail that arrived, each in its own language.
    async with await somebody(stack, "api", language="ru") as customer, await somebody(stack, "api") as freelancer:
        await customer.confirm()
        await freelancer.confirm()
        assert (await customer.get("/auth/me")).json()["email_confirmed"] is True
        assert "код" in text_of(stack.mail.mails_for(customer.email)[0]).lower()
        assert "code" in text_of(stack.mail.mails_for(freelancer.email)[0]).lower()

        # P9: only the owner sees a draft, everybody sees a published order, an edit leaves a revision.
        draft = (await customer.post("/orders", {"title": TITLE, "description": "Три точки.", "budget": BUDGET})).json()
        address = f"/orders/{draft['id']}"
        assert (draft["status"], (await freelancer.get(address)).status_code) == ("draft", 404)
        assert (await customer.post(f"{address}/publish")).json()["status"] == "open"
        edited = await customer.call("PATCH", address, {"description": "Четыре точки."})
        assert edited.json()["version"] == 2
        assert len((await freelancer.get(f"{address}/revisions")).json()["items"]) == 1

        # P10: found by other word forms, not by other words; money is a whole number of kopecks.
        found = (await freelancer.get("/orders?q=настройку%20кофемашины")).json()
        assert draft["id"] in [item["id"] for item in found["items"]]
        assert next(item for item in found["items"] if item["id"] == draft["id"])["budget"] == BUDGET
        assert draft["id"] not in [item["id"] for item in (await freelancer.get("/orders?q=велосипед")).json()["items"]]
        narrow = (await freelancer.get("/orders?q=кофемашины&budget_min=9000000&currency=RUB")).json()
        assert draft["id"] not in [item["id"] for item in narrow["items"]]

        # P13, P14: one proposal per person, and the choice.
        offer = {"price": {"amount": 7_500_000, "currency": "RUB"}, "term_days": 10, "letter": "Сделаю за десять дней."}
        sent = await freelancer.post(f"{address}/proposals", offer)
        assert sent.status_code == 201
        assert (await freelancer.post(f"{address}/proposals", offer)).status_code == 409
        told = await stack.mail.wait(customer.email, containing=TITLE)
        assert TITLE in text_of(told) + str(told["subject"])
        seen = (await customer.get(f"{address}/proposals")).json()["items"]
        assert [item["id"] for item in seen] == [sent.json()["id"]]
        chosen = await customer.post(f"/proposals/{sent.json()['id']}/accept", {"version": 1})
        assert (chosen.status_code, chosen.json()["status"]) == (200, "accepted")
        assert (await customer.post(f"/proposals/{sent.json()['id']}/accept", {"version": 1})).status_code == 409
        assert (await freelancer.get(f"/proposals/{sent.json()['id']}")).json()["status"] == "accepted"
        assert draft["id"] not in [
            item["id"] for item in (await freelancer.get("/orders?q=кофемашина")).json()["items"]
        ]
        assert await stack.mail.wait(freelancer.email, containing=TITLE)


async def test_a_program_ends_its_sessions(stack: Stack) -> None:
    # P3, S19, S21, S22: a session on another device, ended from the first; a refresh; signing out.
    async with await somebody(stack, "api") as person, Person(stack, person.name) as other:
        await other.sign_in()
        devices = (await person.get("/auth/sessions")).json()["items"]
        theirs = next(item["id"] for item in devices if not item["current"])
        ended = await person.call("DELETE", f"/auth/sessions/{theirs}", {"current_password": PASSWORD})
        assert ended.status_code == 200
        assert (await other.get("/auth/me")).status_code == 401
        assert (await person.post("/auth/refresh")).status_code == 200
        assert (await person.post("/auth/logout")).status_code == 200
        assert (await person.get("/auth/me")).status_code == 401
