"""Every page, feed and answer that shows people or orders, and that none shows those that are banned or removed."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from app.core.actor import Actor
from app.core.ports import Mail
from app.features.authentication.service import Caller
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.features.orders.schemas import InvitationCreate
from app.features.profiles import service as profiles
from app.features.profiles.schemas import ProfilePatch
from app.models import Order
from tests.factories.commands import Command
from tests.factories.orders import Market
from tests.features.matching.test_alerts import World, clock, world
from tests.surface_coverage import all_routes

__all__ = ["clock", "world"]  # fixtures

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
WHY = ("--reason", "Мошенничество.")
NOTE = "Приглашаю вас."
TITLE, HEADLINE = "Зимородок для пекарни", "Выхухоль и сайты на Python"
ORDER, PERSON = "order", "person"
BOTH = 2
"""The orders that are counted while the order is shown beside the reader's own."""

PLACES: dict[str, str] = {
    "GET /": ORDER,
    "GET /orders": ORDER,
    "GET /orders.atom": ORDER,
    "GET /orders/for-you": ORDER,
    "GET /orders/{order_id}": ORDER,
    "GET /orders/{order_id}/card.png": ORDER,
    "GET /orders/{order_id}/history": ORDER,
    "GET /api/v1/orders": ORDER,
    "GET /api/v1/orders/facets": ORDER,
    "GET /api/v1/orders/{order_id:uuid}": ORDER,
    "GET /api/v1/orders/{order_id:uuid}/revisions": ORDER,
    "GET /api/v1/recommendations/orders": ORDER,
    "GET /@{username}": PERSON,
    "GET /@{username}/card.png": PERSON,
    "GET /freelancers": PERSON,
    "GET /my/favourites": PERSON,
    "GET /orders/{order_id}/people": PERSON,
    "GET /api/v1/favourites": PERSON,
    "GET /api/v1/freelancers": PERSON,
    "GET /api/v1/orders/{order_id}/recommended-freelancers": PERSON,
    "GET /api/v1/profiles/{username}": PERSON,
}
"""What each place shows to somebody who is neither the person nor the customer of the order."""
INVITED: dict[str, str] = {
    "GET /my/invitations": ORDER,
    "GET /notifications": ORDER,
    "GET /api/v1/invitations/mine": ORDER,
    "GET /api/v1/notifications": ORDER,
}
"""What tells somebody who was invited of the order; they may go on reading an order whose customer is banned."""
FILTERED: dict[str, str] = {
    "GET /orders?q=зимородок": ORDER,
    "GET /orders?q=зимородок&sort=match": ORDER,
    "GET /orders?skills=python&sort=budget": ORDER,
    "GET /orders.atom?q=зимородок": ORDER,
    "GET /orders.atom?skills=python": ORDER,
    "GET /api/v1/orders?q=зимородок": ORDER,
    "GET /freelancers?q=выхухоль": PERSON,
    "GET /freelancers?skills=python": PERSON,
    "GET /api/v1/freelancers?q=выхухоль": PERSON,
}
"""The same lists with filters and orders of their own, which are other statements."""
ELSEWHERE: dict[str, str] = {
    "GET /api/v1/notifications/unread-count": "a number",
    "GET /api/v1/customers/facts": "figures without a text",
    "GET /api/v1/freelancers/did-you-mean": "single words of the dictionary",
    "GET /api/v1/orders/did-you-mean": "single words of the dictionary",
    "GET /api/v1/hidden-customers": "whom the reader hides",
    "GET /my/hidden": "whom the reader hides",
    "GET /api/v1/orders/mine": "the customer only",
    "GET /my/orders": "the customer only",
    "GET /orders/mine": "redirects to the customer's own orders",
    "GET /orders/new": "an empty form",
    "GET /orders/{order_id}/proposals": "redirects to the order",
    "GET /api/v1/orders/{order_id:uuid}/invitations": "the customer only",
    "GET /api/v1/orders/{order_id:uuid}/proposals": "the customer only",
    "GET /api/v1/orders/{order_id:uuid}/proposals/compared": "the customer only",
    "GET /orders/{order_id}/close": "the customer only",
    "GET /orders/{order_id}/compare": "the customer only",
    "GET /orders/{order_id}/decline": "the customer only",
    "GET /orders/{order_id}/edit": "the customer only",
    "GET /orders/{order_id}/invitations": "the customer only",
    "GET /orders/{order_id}/template": "the customer only",
    "GET /api/v1/profiles/me": "the person only",
    "GET /api/v1/profiles/me/legal-status": "the person only",
    "GET /api/v1/profiles/me/legal-status/history": "the person only",
    "GET /api/v1/profiles/me/photo": "the person only",
    "GET /api/v1/profiles/me/portfolio": "the person only",
}
"""Routes about people and orders that show nobody else's, each with the reason."""
STATES: dict[str, frozenset[str]] = {
    "banned": frozenset({ORDER, PERSON}),
    "closed": frozenset({ORDER, PERSON}),
    "order removed": frozenset({ORDER}),
    "profile removed": frozenset({PERSON}),
}
"""What each state hides."""
ABOUT = re.compile(
    r"order|username|freelancers|customers|favourites|profiles|/my/hidden|invitations|notifications|GET /$"
)


async def test_every_route_about_people_and_orders_is_in_the_table() -> None:
    known = PLACES.keys() | INVITED.keys() | ELSEWHERE.keys()
    found = {name for name in all_routes() if name.startswith("GET ") and ABOUT.search(name)}
    unknown = {name for name in found - known if "order-templates" not in name}
    assert unknown == set(), "add them to PLACES, or to ELSEWHERE with a reason"
    assert known <= found


async def shown_in(
    reader: httpx.AsyncClient, places: dict[str, str], order: Order, own: Order, username: str
) -> set[str]:
    """Return those of the places that show the order or the person to the reader, who is the customer of `own`."""
    found = set[str]()
    for place, what in places.items():
        key = order.id if what == ORDER else own.id
        path = re.sub(r"\{order_id[^}]*\}", str(key), place.removeprefix("GET ")).replace("{username}", username)
        answer = await reader.get(path)
        if path.endswith("card.png"):
            shown = answer.status_code == 200
        elif path.endswith("/facets"):
            shown = answer.json()["counted"] == BOTH
        elif path.endswith("revisions"):
            shown = answer.status_code == 200
        else:
            shown = (TITLE if what == ORDER else HEADLINE) in answer.text
        if shown:
            found.add(place)
    return found


async def hide(market: Market, command: Command, state: str, person: Actor, order: Order) -> None:
    """Bring the person or the order into a state."""
    if state == "banned":
        await command("ban", person.username, *WHY)
    elif state == "closed":
        async with market.uow() as uow:
            await identity.deactivate(uow, person.id, Caller())
    elif state == "order removed":
        await command("orders", "take-down", str(order.id), *WHY)
    else:
        await command("profiles", "take-down", person.username, *WHY)


@pytest.mark.parametrize("state", list(STATES))
async def test_what_is_hidden_is_shown_nowhere(
    market: Market, new_client: NewClient, settle: Settle, command: Command, state: str
) -> None:
    await market.catalogue()
    person, looker, guest = [await market.person(name) for name in ("boris", "vera", "zoya")]
    skill = [{"skill": "python", "level": "expert"}]
    order = await market.order(person, title=TITLE, skills=["python"])
    own = await market.order(looker, title="Другой заказ", skills=["python"])
    async with market.uow() as work:
        for each, headline in ((person, HEADLINE), (looker, "Python")):
            patch = ProfilePatch.model_validate({"headline": headline, "skills": skill, "listed": True})
            await profiles.edit_profile(work, each, patch)
        await profiles.add_favourite(work, looker, person.username)
        await orders.invite(work, person, order.id, InvitationCreate(username=guest.username, note=NOTE))
    reader, invited = [await market.sign_in(await new_client(), each) for each in (looker, guest)]
    places = PLACES | FILTERED

    async def shown() -> set[str]:
        told = await shown_in(invited, INVITED, order, own, person.username)
        return told | await shown_in(reader, places, order, own, person.username)

    await settle()
    assert await shown() == places.keys() | INVITED.keys()
    assert NOTE in (await invited.get("/my/invitations")).text
    await hide(market, command, state, person, order)
    await settle()
    left = {place for place, what in (places | INVITED).items() if what not in STATES[state]}
    assert await shown() == left
    for path in ("/my/invitations", "/api/v1/invitations/mine"):
        assert (NOTE in (await invited.get(path)).text) is (f"GET {path}" in left)


@pytest.mark.parametrize("state", ["shown", "banned", "closed", "order removed"])
async def test_mails_that_wait_tell_nothing_of_what_was_hidden_meanwhile(
    world: World, settle: Settle, command: Command, mailbox: list[Mail], state: str
) -> None:
    market = world.market
    person, looker = await market.person("boris"), await world.person("vera")
    await world.save(looker, q="зимородок")
    order = await market.order(person, title=TITLE)
    async with market.uow() as work:
        await orders.invite(work, person, order.id, InvitationCreate(username=looker.username, note=NOTE))
    await world.find()
    mailbox.clear()
    if state != "shown":
        await hide(market, command, state, person, order)
        await settle()
    for _turn in range(3):
        await world.later(timedelta(hours=8))
    told = [mail.subject for mail in mailbox if mail.to.startswith("vera") and TITLE in mail.text + mail.html]
    assert len(told) == (2 if state == "shown" else 0), "one for the saved search, one for the invitation"
