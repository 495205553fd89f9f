"""Links to files that are not public end with the session they were made for, and with access to what has the file."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import get_settings
from app.features.authentication.service import Caller
from app.features.files import rules
from app.features.files.service import access, signed_links
from app.features.identity import service as identity
from app.features.profiles import service as profiles
from app.features.profiles.schemas import PortfolioFields
from app.models import Message, Order, Proposal, SubjectKind, Visibility
from tests.factories.commands import Command
from tests.factories.files import Files, picture
from tests.factories.orders import Market
from tests.factories.users import PASSWORD
from tests.features.orders.test_states import set_moderation

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
WHY = ("--reason", "Мошенничество.")
OFFER = {"price": {"amount": 5_000_000, "currency": "RUB"}, "term_days": 5, "letter": "Сделаю."}


class Readers:
    """An order with a file, its customer and other people, each with a client; links are opened without cookies."""

    def __init__(self, market: Market, files: Files, new_client: NewClient) -> None:
        self.market, self.files, self.new_client = market, files, new_client

    async def order(self, **fields: Any) -> Order:
        self.customer = await self.market.person(with_password=True)
        file = await self.files.make(self.customer, picture(), "plan.png")
        return await self.market.order(self.customer, files=[file.id], **fields)

    async def signed_in(self, person: Actor | None = None) -> httpx.AsyncClient:
        return await self.market.sign_in(await self.new_client(), person or await self.market.person())

    async def opens(self, url: str) -> int:
        """Return the status of a link for somebody without cookies, as on the host of files."""
        return (await (await self.new_client()).get(url)).status_code


@pytest.fixture
def readers(market: Market, files: Files, new_client: NewClient) -> Readers:
    return Readers(market, files, new_client)


async def order_links(client: httpx.AsyncClient, order_id: UUID, key: str | None = None) -> tuple[str, str]:
    """Return the links to the file of an order and to its preview, as this client gets them."""
    answer = await client.get(f"/api/v1/orders/{order_id}", params={"key": key} if key else None)
    file = answer.json()["files"][0]
    return file["url"], file["preview_url"]


async def first_link(client: httpx.AsyncClient, address: str) -> str:
    """Return the link to the first file of what is at the address."""
    url: str = (await client.get(f"/api/v1{address}")).json()["files"][0]["url"]
    return url


@pytest.mark.parametrize("way", ["sign-out", "password", "ban"])
async def test_links_end_with_the_session_they_were_made_for(readers: Readers, command: Command, way: str) -> None:
    order = await readers.order()
    reader = await readers.market.person(with_password=True)
    client, elsewhere = await readers.signed_in(reader), await readers.signed_in(reader)
    links, other = await order_links(client, order.id), await order_links(elsewhere, order.id)
    assert [await readers.opens(url) for url in (*links, *other)] == [200] * 4
    assert await order_links(client, order.id) == links, "a page drawn again has the same addresses"
    if way == "sign-out":
        assert (await client.post("/api/v1/auth/logout")).status_code == 200
    elif way == "password":
        change = {"current_password": PASSWORD, "new_password": "quite another long password"}
        answer = await elsewhere.post("/api/v1/auth/password", json=change)
        assert answer.status_code == 200, answer.text
    else:
        await command("ban", reader.username, *WHY)
    assert [await readers.opens(url) for url in links] == [404, 404]
    assert {await readers.opens(url) for url in other} == {404 if way == "ban" else 200}


async def test_the_owner_signs_out_of_their_own_files(readers: Readers) -> None:
    await readers.order()
    client = await readers.signed_in(readers.customer)
    url = (await client.get("/api/v1/files")).json()["items"][0]["url"]
    assert await readers.opens(url) == 200
    await client.post("/api/v1/auth/logout")
    assert await readers.opens(url) == 404


@pytest.mark.parametrize("way", ["take-down", "ban", "invited", "detached"])
async def test_links_end_with_access_to_the_order(readers: Readers, command: Command, settle: Settle, way: str) -> None:
    order = await readers.order()
    client, guest, own = (
        await readers.signed_in(),
        await readers.new_client(),
        await readers.signed_in(readers.customer),
    )
    links = [*await order_links(client, order.id), *await order_links(guest, order.id)]
    kept = await order_links(own, order.id)
    assert [await readers.opens(url) for url in (*links, *kept)] == [200] * 6
    await settle()
    if way == "take-down":
        await command("orders", "take-down", str(order.id), *WHY)
    elif way == "ban":
        await command("ban", readers.customer.username, *WHY)
        await settle()
    else:
        change: dict[str, Any] = {"visibility": "invited"} if way == "invited" else {"files": []}
        assert (await own.patch(f"/api/v1/orders/{order.id}", json=change)).status_code == 200
    assert [await readers.opens(url) for url in links] == [404] * 4
    assert {await readers.opens(url) for url in kept} == {404 if way == "ban" else 200}


@pytest.mark.parametrize("way", ["being checked", "rejected", "held as a draft", "taken down"])
async def test_links_end_while_the_order_is_its_customers_alone(readers: Readers, command: Command, way: str) -> None:
    order = await readers.order(visibility=Visibility.LINK)
    own, guest, answerer = (
        await readers.signed_in(readers.customer),
        await readers.new_client(),
        await readers.signed_in(),
    )
    sent = await answerer.post(f"/api/v1/orders/{order.id}/proposals", params={"key": order.share_key}, json=OFFER)
    assert sent.status_code == 201, sent.text
    given = {
        "guest": (await order_links(guest, order.id, order.share_key)),
        "answered": (await order_links(answerer, order.id)),
        "own": (await order_links(own, order.id)),
    }
    if way != "taken down":
        await set_moderation(command.resources, "all")
        edited = await own.patch(f"/api/v1/orders/{order.id}", json={"title": "Казино"})
        assert edited.json()["status"] == "moderation", edited.text
    if way == "rejected":
        await command("orders", "reject", str(order.id), "--version", "2", *WHY)
    if way in ("held as a draft", "taken down"):
        await command("orders", "take-down", str(order.id), *WHY)
    opened = {name: {await readers.opens(url) for url in links} for name, links in given.items()}
    assert opened == {"guest": {404}, "answered": {404}, "own": {200}}


async def test_links_of_those_who_came_by_the_share_key_end_with_it(readers: Readers) -> None:
    order = await readers.order(visibility=Visibility.LINK)
    key = order.share_key
    assert key is not None
    guest, looker, answerer = await readers.new_client(), await readers.signed_in(), await readers.signed_in()
    answer = await answerer.post(f"/api/v1/orders/{order.id}/proposals", params={"key": key}, json=OFFER)
    assert answer.status_code == 201, answer.text
    by_key = [(await order_links(client, order.id, key))[0] for client in (guest, looker)]
    admitted = (await order_links(answerer, order.id))[0]
    assert [await readers.opens(url) for url in (*by_key, admitted)] == [200] * 3
    assert all(key not in url for url in by_key), "a link to a file must not give the order away"
    own = await readers.signed_in(readers.customer)
    assert (await own.post(f"/api/v1/orders/{order.id}/share-key")).status_code == 200
    assert [await readers.opens(url) for url in (*by_key, admitted)] == [404, 404, 200]


async def test_links_of_a_proposal_and_of_a_message_are_for_its_two_sides(readers: Readers) -> None:
    market, files, order = readers.market, readers.files, await readers.order()
    freelancer = await market.person()
    plan = await files.make(freelancer, kind=SubjectKind.PROPOSAL)
    proposal = await market.proposal(order, freelancer, files=[plan.id])
    customer = await readers.signed_in(readers.customer)
    sketch = await files.make(readers.customer, kind=SubjectKind.MESSAGE)
    sent = await customer.post(
        f"/api/v1/proposals/{proposal.id}/messages", json={"text": "Look", "files": [str(sketch.id)]}
    )
    assert sent.status_code == 201, sent.text
    reader = await readers.signed_in(freelancer)
    conversation = (await reader.get("/api/v1/conversations")).json()["items"][0]["id"]
    messages = (await reader.get(f"/api/v1/conversations/{conversation}/messages")).json()["items"]
    of_proposal, of_message = await first_link(customer, f"/proposals/{proposal.id}"), messages[0]["files"][0]["url"]
    assert [await readers.opens(url) for url in (of_proposal, of_message)] == [200, 200]

    async with market.uow() as work:
        await work.session.execute(delete(Message).where(Message.id == UUID(sent.json()["id"])))
        stored = await work.session.get_one(Proposal, proposal.id)
        for kind, subject_id in ((SubjectKind.PROPOSAL, stored.id), (SubjectKind.MESSAGE, UUID(sent.json()["id"]))):
            for somebody in (None, await market.person()):
                assert not await access._CHECKS[kind](work.session, somebody, subject_id, "")
    assert await readers.opens(of_message) == 404, "the message was removed"

    changed = {"version": proposal.version, "files": []}
    answer = await reader.patch(f"/api/v1/proposals/{proposal.id}", json=changed)
    assert answer.status_code == 200, answer.text
    assert await readers.opens(of_proposal) == 404, "the file was detached"


async def test_nobody_changes_for_whom_a_link_is(readers: Readers) -> None:
    order = await readers.order()
    url = httpx.URL((await order_links(await readers.signed_in(), order.id))[0])
    other = httpx.URL((await order_links(await readers.signed_in(), order.id))[0])
    for name in ("session", "of"):
        assert await readers.opens(str(url.copy_remove_param(name))) == 404
    assert await readers.opens(str(url.copy_set_param("session", other.params["session"]))) == 404
    assert await readers.opens(str(url.copy_add_param("grant", "x"))) == 404


async def test_every_kind_is_public_or_has_a_check() -> None:
    assert set(access._CHECKS) == {kind for kind, limits in rules.LIMITS.items() if not limits.public}


async def test_links_of_the_previous_release_work_until_they_expire(readers: Readers) -> None:
    customer = await readers.market.person()
    file = await readers.files.make(customer)
    settings, until = get_settings(), rules.link_expiry(utc_now(), public=False)
    key = signed_links._SIGNER.text(settings, str(file.id), "main", str(until))
    assert await readers.opens(f"/files/{file.id}?{urlencode({'until': until, 'key': key})}") == 200
    # Nobody gets such a link any more: without a session there is nobody to ask for.
    unbound = await readers.files.read(customer, file.id)
    assert unbound.url is not None
    assert await readers.opens(unbound.url) == 404


class Pictures:
    """A freelancer with a photo and a picture of a work, and the links that a guest was given before."""

    def __init__(self, readers: Readers, person: Actor) -> None:
        self.readers, self.person = readers, person

    async def put(self) -> None:
        """Attach both pictures."""
        files, market = self.readers.files, self.readers.market
        photo = await files.make(self.person, picture(size=(300, 300)), "me.png", SubjectKind.AVATAR)
        shown = await files.make(self.person, picture(), "work.png", SubjectKind.PORTFOLIO)
        async with market.uow() as work:
            await profiles.put_photo(work, self.person, photo.id)
            fields = PortfolioFields(title="Сайт пекарни", files=[shown.id])
            self.item_id = (await profiles.add_item(work, self.person, fields)).id

    async def links(self, client: httpx.AsyncClient) -> dict[str, str]:
        """Return what the client is given: the photo, the picture of the work and its preview."""
        shown = (await client.get(f"/api/v1/profiles/{self.person.username}")).json()
        (file,) = shown["portfolio"][0]["files"]
        return {"photo": shown["avatar_url"], "work": file["url"], "preview": file["preview_url"]}

    async def statuses(self, links: dict[str, str]) -> dict[str, int]:
        return {name: await self.readers.opens(url) for name, url in links.items()}


ALL, WORK = frozenset({"photo", "work", "preview"}), frozenset({"work", "preview"})
HIDES = {"ban": ALL, "close": ALL, "profile removed": ALL, "work removed": WORK, "work deleted": WORK}


@pytest.mark.parametrize("way", list(HIDES))
async def test_links_to_public_pictures_end_with_what_shows_them(
    readers: Readers, command: Command, settle: Settle, way: str
) -> None:
    person = await readers.market.person("boris")
    pictures, guest = Pictures(readers, person), await readers.new_client()
    await pictures.put()
    links = await pictures.links(guest)
    assert set((await pictures.statuses(links)).values()) == {200}
    tag = (await guest.get(links["photo"])).headers["etag"]
    ways = {
        "ban": (("ban", "boris"), ("unban", "boris")),
        "profile removed": (("profiles", "take-down", "boris"), ("profiles", "restore", "boris")),
        "work removed": (
            ("profiles", "take-down", "boris", "--work", "1"),
            ("profiles", "restore", "boris", "--work", "1"),
        ),
    }
    if way in ways:
        await command(*ways[way][0], *WHY)
    else:
        async with readers.market.uow() as work:
            await (
                identity.deactivate(work, person.id, Caller())
                if way == "close"
                else profiles.remove_item(work, person, pictures.item_id)
            )
    await settle()
    expected = {name: 404 if name in HIDES[way] else 200 for name in links}
    assert await pictures.statuses(links) == expected
    again = await (await readers.new_client()).get(links["photo"], headers={"If-None-Match": tag})
    assert again.status_code == (404 if "photo" in HIDES[way] else 304), "a cache that asks is told"
    if way in ways:
        await command(*ways[way][1], "--reason", "By mistake.")
        assert set((await pictures.statuses(links)).values()) == {200}


async def test_the_owner_of_a_removed_profile_gives_nobody_a_link(readers: Readers, command: Command) -> None:
    person = await readers.market.person("boris")
    pictures, own = Pictures(readers, person), await readers.signed_in(person)
    await pictures.put()
    await command("profiles", "take-down", "boris", *WHY)
    await pictures.put()
    shown = (await own.get("/api/v1/profiles/me/portfolio")).json()["items"][1]["files"][0]["url"]
    photo = (await own.get("/api/v1/profiles/me/photo")).json()["url"]
    assert [await readers.opens(url) for url in (shown, photo)] == [200, 200]
    for url in (shown, photo):
        assert "session" in httpx.URL(url).params
    await own.post("/api/v1/auth/logout")
    assert [await readers.opens(url) for url in (shown, photo)] == [404, 404]


async def test_public_kinds_stay_in_the_cache_and_others_are_asked_for_again(
    readers: Readers, client: httpx.AsyncClient
) -> None:
    order = await readers.order()
    person = await readers.market.person()
    await Pictures(readers, person).put()
    shown = (await Pictures(readers, person).links(client))["photo"]
    assert "session" not in httpx.URL(shown).params
    public = await client.get(shown)
    assert public.headers["cache-control"] == "private, max-age=60, must-revalidate"
    url = (await order_links(client, order.id))[1]
    private = await client.get(url)
    assert private.headers["cache-control"] == "private, no-cache"
    again = await client.get(url, headers={"If-None-Match": private.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
