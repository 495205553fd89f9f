"""The audit log is found by person, kind and day, and only its newest page is sent at once."""

from importlib import import_module

import httpx
import pytest

from app.core.audit import record_audit
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.users import actor_for

API = "/api/v1/finance/audit"


async def test_the_audit_log_is_filtered(
    resources: Resources, client: httpx.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = actor_for(await sign_in(client, role=Role.FINANCE, username="Vera"))
    async with unit_of_work(resources) as uow:
        for number, action in enumerate(("correction.propose", "correction.executed", "account.ban")):
            record_audit(uow.session, actor, action, f"thing{number}", new={"n": number}, reason="because")

    async def actions(**wanted: str) -> list[str]:
        found = (await client.get(API, params={"person": "Vera"} | wanted)).json()
        return sorted(each["action"] for each in found["items"])

    assert await actions() == ["account.ban", "correction.executed", "correction.propose"]
    assert await actions(kind="correction") == ["correction.executed", "correction.propose"]
    assert await actions(kind="%") == await actions(person="nobody") == await actions(until="2020-01-01") == []
    assert await actions(subject="thing2") == ["account.ban"]
    assert await actions(since="2020-01-01", until="2999-01-01", kind="account") == ["account.ban"]
    assert (await client.get(API, params={"since": "yesterday"})).status_code == 422

    shown = (await client.get("/finance/audit", params={"person": "Vera", "kind": "correction", "since": "?"})).text
    assert ("thing0" in shown, "thing2" in shown, "because" in shown) == (True, False, True)
    monkeypatch.setattr(import_module("app.features.finance.pages.audit"), "PAGE", 1)
    first = (await client.get("/finance/audit", params={"person": "Vera"})).text
    assert "/finance/audit?person=Vera&amp;cursor=" in first
    assert "No entries" in (await client.get("/finance/audit", params={"person": "nobody"})).text
