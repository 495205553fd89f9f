"""Notifications on the site about the actions of others, and who may see them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from string import Formatter

import httpx
import pytest
import time_machine
from sqlalchemy import select

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.messaging.worker import Outcome
from app.core.ports import Mail
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.contracts import service as contracts
from app.features.files.tasks import process_files
from app.features.identity.events import PasswordChanged
from app.features.notifications import rules, service
from app.features.notifications.tasks import prune
from app.features.orders import service as orders
from app.features.orders.schemas import OrderPatch
from app.features.proposals import service as proposals
from app.models import SubjectKind
from app.models.notification import NoticeKind, Notification
from app.models.user import User
from tests.factories.files import Files
from tests.factories.orders import Market
from tests.factories.users import actor_for

type Settle = Callable[..., Awaitable[list[Outcome]]]
type SignIn = Callable[..., Awaitable[User]]
type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
LIST = "/api/v1/notifications"


async def kinds(client: httpx.AsyncClient) -> list[str]:
    return [item["kind"] for item in (await client.get(LIST, params={"limit": 100})).json()["items"]]


async def test_everybody_concerned_learns_what_happened(
    market: Market, settle: Settle, mailbox: list[Mail], resources: Resources, new_client: NewClient
) -> None:
    customer, anna, boris = [await market.person(name) for name in ("bakery", "anna", "boris")]
    async with unit_of_work(resources) as uow:
        for user in (await uow.session.execute(select(User))).scalars():
            user.email_confirmed_at = utc_now()
    order = await market.order(customer, title="A shop for bread")
    first, _second = await market.proposal(order, anna), await market.proposal(order, boris)
    await settle()
    with time_machine.travel(utc_now() + rules.REVERSIBLE, tick=False):
        await settle()
    async with unit_of_work(resources) as uow:
        await orders.edit_order(uow, customer, order.id, OrderPatch(title="A shop for bread and buns", version=1))
    await settle()
    with time_machine.travel(utc_now() + rules.REVERSIBLE, tick=False):
        await settle()
    async with unit_of_work(resources) as uow:
        await contracts.accept_proposal(uow, customer, first.id)
    await settle()
    ours, annas, boriss = [await market.sign_in(await new_client(), who) for who in (customer, anna, boris)]
    assert sorted(await kinds(ours)) == ["order_awarded", "proposal_received", "proposal_received"]
    assert sorted(await kinds(annas)) == ["order_edited", "proposal_accepted"]
    assert sorted(await kinds(boriss)) == ["order_edited", "proposal_declined"]
    texts = [item["text"] for item in (await annas.get(LIST)).json()["items"]]
    assert "bakery chose your proposal for “A shop for bread and buns”." in texts
    chosen = next(mail for mail in mailbox if ".proposal-accepted." in mail.key)
    assert chosen.to == "anna@example.org"
    assert f"https://localhost/orders/{order.id}" in chosen.text
    assert "A shop for bread and buns" in chosen.text
    count = len(mailbox)
    await settle()
    assert len(mailbox) == count == 7


async def test_whoever_sent_a_file_that_was_refused_learns_it(
    market: Market, settle: Settle, resources: Resources, client: httpx.AsyncClient, mailbox: list[Mail]
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    await Files(resources).send(anna, b"no picture", "me.png", SubjectKind.AVATAR)
    await process_files(resources)
    await settle()
    (notice,) = (await client.get(LIST)).json()["items"]
    assert notice["text"] == "Your file “me.png” was not taken. Look what was wrong, and send another."
    assert (notice["kind"], notice["href"]) == ("file_refused", "/settings/photo")
    assert mailbox == []


async def test_an_order_that_ended_by_itself_is_told(
    market: Market, settle: Settle, new_client: NewClient, resources: Resources
) -> None:
    customer, anna = await market.person(), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, anna)
    with time_machine.travel(utc_now() + timedelta(days=400), tick=False):
        async with unit_of_work(resources) as uow:
            assert await orders.apply_due_timers(uow) == 1
        await settle()
    client = await market.sign_in(await new_client(), customer)
    assert "order_expired" in await kinds(client)
    async with unit_of_work(resources) as uow:
        with pytest.raises(Exception, match="proposal"):
            await proposals.withdraw_proposal(uow, anna, proposal.id)


async def test_reading_marking_and_paging(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, settle: Settle, new_client: NewClient
) -> None:
    user = await sign_in(client)
    async with unit_of_work(resources) as uow:
        for _time in range(3):
            uow.emit(PasswordChanged(user_id=str(user.id), reset=False))
    await settle()
    assert (await client.get(f"{LIST}/unread-count")).json() == {"count": 3}
    page = (await client.get(LIST, params={"limit": 2})).json()
    rest = (await client.get(LIST, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert (len(page["items"]), len(rest["items"])) == (2, 1)
    first = page["items"][0]
    assert first["text"] == "Your password was changed."
    read = await client.post(f"{LIST}/{first['id']}/read")
    assert read.json()["read"] is True
    assert (await client.post(f"{LIST}/{first['id']}/read")).status_code == 200
    unread = (await client.get(LIST, params={"unread": True})).json()["items"]
    assert len(unread) == 2
    assert (await client.post(f"{LIST}/read-all")).json() == {"marked": 2}
    assert (await client.get(f"{LIST}/unread-count")).json() == {"count": 0}
    assert (await client.get(LIST, params={"cursor": "x"})).json()["code"] == "bad-cursor"
    stranger = await new_client()
    assert (await stranger.get(LIST)).status_code == 401
    await sign_in(stranger)
    missing = await stranger.post(f"{LIST}/{first['id']}/read")
    assert (missing.status_code, missing.json()["code"]) == (404, "notice-not-found")
    assert (await stranger.get(LIST)).json()["items"] == []


async def test_the_page_lists_opens_and_marks(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, settle: Settle
) -> None:
    user = await sign_in(client)
    empty = await client.get("/notifications")
    assert "Nothing new" in empty.text
    async with unit_of_work(resources) as uow:
        uow.emit(PasswordChanged(user_id=str(user.id), reset=False))
    await settle()
    page = await client.get("/notifications")
    assert "Your password was changed." in page.text
    assert "Mark all as read" in page.text
    assert "1 unread notice" in page.text
    (notice,) = (await client.get(LIST)).json()["items"]
    opened = await client.post(f"/notifications/{notice['id']}/open")
    assert (opened.status_code, opened.headers["location"]) == (303, "/settings/security")
    marked = await client.post("/notifications/read-all")
    assert marked.headers["location"] == "/notifications"
    assert "Mark all as read" not in (await client.get("/notifications")).text


async def test_a_notice_of_something_gone_still_reads(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    user = await sign_in(client)
    about = {"order_id": str(new_id()), "person_id": str(new_id())}
    async with unit_of_work(resources) as uow:
        await service.notify(uow, str(user.id), NoticeKind.PROPOSAL_RECEIVED, 1, **about)
        await service.notify(uow, str(user.id), NoticeKind.PROPOSAL_RECEIVED, 1, **about)
    (notice,) = (await client.get(LIST)).json()["items"]
    assert notice["text"] == "a deleted account answered your order “a deleted order”."


async def test_every_kind_of_notice_can_be_stored_and_read(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    user = await sign_in(client)
    places = " ".join(wording.href or "" for wording in rules.WORDINGS.values())
    names = {name for _text, name, _spec, _conversion in Formatter().parse(places) if name}
    about = {name: str(new_id()) for name in names | {"person_id"}}
    for kind in rules.WORDINGS:
        async with unit_of_work(resources) as uow:
            await service.notify(
                uow, str(user.id), kind, 1, **about, count="3", file="a.txt", work="Site", amount="10 RUB"
            )
            await service.mark_all_read(uow, actor_for(user))
    assert sorted(await kinds(client)) == sorted(kind.value for kind in rules.WORDINGS)


async def test_old_notices_are_forgotten(client: httpx.AsyncClient, sign_in: SignIn, resources: Resources) -> None:
    user = await sign_in(client)
    async with unit_of_work(resources) as uow:
        await service.notify(uow, str(user.id), NoticeKind.NEW_DEVICE, 1)
    with time_machine.travel(utc_now() + timedelta(days=400), tick=False):
        await prune(resources)
    async with resources.sessions() as session:
        assert (await session.execute(select(Notification))).scalars().all() == []


EML = b"""X-Envelope-To: vera@example.com\r
From: ipLance <no-reply@iplance.localhost>\r
To: vera@example.com\r
Subject: Confirm <b>your</b> address\r
Date: Sun, 22 Nov 2026 10:00:00 +0000\r
Content-Type: text/plain; charset=utf-8\r
\r
Click https://localhost/confirm-email?token=abc&x=1 <script>alert(1)</script>\r
"""


async def test_caught_mail_can_be_read_where_nothing_is_sent(
    client: httpx.AsyncClient, resources: Resources, tmp_path: Path
) -> None:
    resources.settings = resources.settings.model_copy(update={"data_dir": tmp_path, "smtp_host": None})
    assert "No mail yet" in (await client.get("/demo/mail")).text
    folder = tmp_path / "mail"
    folder.mkdir()
    name = f"20261122T100000000000-{new_id()}"
    (folder / f"{name}.eml").write_bytes(EML)
    listed = (await client.get("/demo/mail")).text
    assert f"/demo/mail/{name}" in listed
    assert "&lt;b&gt;your" in listed
    shown = (await client.get(f"/demo/mail/{name}")).text
    assert 'href="https://localhost/confirm-email?token=abc&amp;x=1"' in shown
    assert "<script>alert" not in shown
    for wrong in ("nothing", "..%2f..%2fetc%2fpasswd", name[:-1] + ("1" if name.endswith("0") else "0")):
        assert (await client.get(f"/demo/mail/{wrong}")).status_code == 404


@pytest.mark.parametrize("change", [{"environment": "production"}, {"smtp_host": "mail.example.com"}])
async def test_caught_mail_is_not_shown_where_mail_is_real(
    client: httpx.AsyncClient, resources: Resources, change: dict[str, str]
) -> None:
    resources.settings = resources.settings.model_copy(update=change)
    assert (await client.get("/demo/mail")).status_code == 404
    assert (await client.get(f"/demo/mail/20261122T100000000000-{new_id()}")).status_code == 404
