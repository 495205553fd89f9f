"""Profiles and works that the operator takes down: others see nothing of them, their owner reads why."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.cli.shared import Refusal
from app.core.actor import Actor
from app.features.files.schemas import Subject
from app.features.profiles import service
from app.features.profiles.schemas import PortfolioFields, ProfilePatch, SkillItem
from app.models import SubjectKind
from tests.factories.commands import Command
from tests.factories.files import Files, picture
from tests.factories.orders import Market
from tests.features.files.test_own_files import attach
from tests.features.orders.test_states import kinds

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
HEADLINE = "Разработчик магазинов"
WORK = "Магазин для пекарни"
WHY = "Чужие работы выданы за свои."


async def freelancer(market: Market, files: Files) -> Actor:
    """Return a listed freelancer with a photo and two works, one of them with a picture."""
    person = await market.person("marta")
    async with market.uow() as work:
        patch = ProfilePatch(headline=HEADLINE, skills=[SkillItem(skill="python")], listed=True)
        await service.edit_profile(work, person, patch)
    photo = await files.make(person, picture(), "me.png", SubjectKind.AVATAR)
    await attach(market, person, Subject(SubjectKind.AVATAR, person.id), photo.id)
    shown = await files.make(person, picture(), "shop.png", SubjectKind.PORTFOLIO)
    async with market.uow() as work:
        await service.add_item(work, person, PortfolioFields(title=WORK, files=[shown.id]))
        await service.add_item(work, person, PortfolioFields(title="Второй магазин"))
    return person


async def places(reader: httpx.AsyncClient, order_id: object) -> dict[str, str]:
    """Return everything that shows people to others, by its place."""
    addresses = {
        "profile page": "/@marta",
        "profile": "/api/v1/profiles/marta",
        "catalogue page": "/freelancers",
        "catalogue": "/api/v1/freelancers?q=магазинов",
        "favourites": "/api/v1/favourites",
        "proposals page": f"/orders/{order_id}",
    }
    return {name: (await reader.get(address)).text for name, address in addresses.items()}


async def test_a_removed_profile_is_shown_nowhere_and_comes_back_as_it_was(
    market: Market, files: Files, client: httpx.AsyncClient, new_client: NewClient, settle: Settle, command: Command
) -> None:
    person, customer = await freelancer(market, files), await market.person()
    order = await market.order(customer)
    await market.proposal(order, person)
    reader = await market.sign_in(await new_client(), customer)
    await reader.put("/api/v1/favourites/marta")
    await market.sign_in(client, person)
    card = (await reader.get("/@marta/card.png")).status_code
    before = await places(reader, order.id)
    seen = (await reader.get("/api/v1/profiles/marta")).json()
    links = (seen["avatar_url"], seen["portfolio"][0]["files"][0]["url"])
    assert [name for name, text in before.items() if HEADLINE in text] == [*before]

    assert "is told why" in await command("profiles", "take-down", "@marta", "--reason", WHY)
    await settle()
    removed = await places(reader, order.id)
    assert [name for name, text in removed.items() if HEADLINE in text or WORK in text or WHY in text] == []
    answer = await reader.get("/api/v1/profiles/marta")
    assert (answer.status_code, answer.json()["code"]) == (404, "profile-removed")
    assert (card, (await reader.get("/@marta/card.png")).status_code) == (200, 404)
    assert [(await reader.get(link)).status_code for link in links] == [404, 404]
    assert "has removed this profile" in (await reader.get("/@marta", headers={"Accept": "text/html"})).text

    own = (await client.get("/api/v1/profiles/me")).json()
    assert (own["takedown_reason"], own["headline"], own["listed"]) == (WHY, HEADLINE, False)
    assert WHY in (await client.get("/settings/public-profile")).text
    assert (await client.patch("/api/v1/profiles/me", json={"headline": HEADLINE + "!"})).status_code == 200
    assert (await client.patch("/api/v1/profiles/me", json={"listed": True})).json()["code"] == "profile-takedown"
    assert [name for name, text in (await places(reader, order.id)).items() if HEADLINE in text] == []

    await command("profiles", "restore", "marta", "--reason", "By mistake.")
    await settle()
    restored = await places(reader, order.id)
    assert [name for name, text in restored.items() if HEADLINE in text] == [*before]
    assert [(await reader.get(link)).status_code for link in links] == [200, 200]
    assert await kinds(client) == ["profile_restored", "profile_taken_down"]


async def test_a_removed_work_is_seen_by_its_owner_alone(
    market: Market, files: Files, client: httpx.AsyncClient, new_client: NewClient, settle: Settle, command: Command
) -> None:
    person = await freelancer(market, files)
    reader = await market.sign_in(await new_client(), await market.person())
    await market.sign_in(client, person)

    async def works(asking: httpx.AsyncClient) -> list[dict[str, Any]]:
        return list((await asking.get("/api/v1/profiles/marta")).json()["portfolio"])

    picture_url = (await works(reader))[0]["files"][0]["url"]
    assert WORK in await command("profiles", "take-down", "marta", "--work", "1", "--reason", WHY)
    await settle()
    assert [work["title"] for work in await works(reader)] == ["Второй магазин"]
    assert WORK not in (await reader.get("/@marta")).text
    assert (await reader.get(picture_url)).status_code == 404
    first = (await works(client))[0]
    assert (first["taken_down"], first["takedown_reason"]) == (True, WHY)
    assert WHY in (await client.get("/settings/portfolio")).text
    edited = await client.put(f"/api/v1/profiles/me/portfolio/{first['id']}", json={"title": "Другое имя"})
    assert edited.status_code == 200
    assert len(await works(reader)) == 1, "an edit does not bring it back"

    await command("profiles", "restore", "marta", "--work", "1", "--reason", "By mistake.")
    await settle()
    assert (await works(reader))[0]["title"] == "Другое имя"
    assert (await reader.get(picture_url)).status_code == 200
    assert await kinds(client) == ["work_restored", "work_taken_down"]


@pytest.mark.parametrize("options", [(), ("--work", "1")])
async def test_what_is_not_there_or_in_another_state_is_refused(
    market: Market, files: Files, command: Command, options: tuple[str, ...]
) -> None:
    await freelancer(market, files)
    with pytest.raises(Refusal, match="not in a state"):
        await command("profiles", "restore", "marta", *options, "--reason", "By mistake.")
    await command("profiles", "take-down", "marta", *options, "--reason", WHY)
    with pytest.raises(Refusal, match="not in a state"):
        await command("profiles", "take-down", "marta", *options, "--reason", WHY)
    with pytest.raises(Refusal, match="no such portfolio item"):
        await command("profiles", "take-down", "marta", "--work", "3", "--reason", WHY)
    with pytest.raises(Refusal, match="no user"):
        await command("profiles", "take-down", "nobody", *options, "--reason", WHY)
