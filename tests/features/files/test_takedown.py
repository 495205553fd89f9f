"""Files that the operator takes down: their links stop, their owner reads why, and they can be restored."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.cli.shared import Refusal
from app.core.audit import AuditEntry
from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.files import rules, service
from app.features.files.schemas import Subject
from app.models import File, SubjectKind
from tests.factories.commands import Command
from tests.factories.files import Files, picture
from tests.factories.orders import Market
from tests.features.files.test_own_files import attach
from tests.features.orders.test_states import kinds

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
WHY = ("--reason", "Чужая работа.")


async def test_a_removed_file_its_reason_and_its_return(
    market: Market, files: Files, client: httpx.AsyncClient, new_client: NewClient, settle: Settle, command: Command
) -> None:
    client.headers["Accept-Language"] = "en"
    owner = await market.person()
    order = await market.order(owner)
    file = await files.make(owner, picture(), "sketch.png")
    await attach(market, owner, Subject(SubjectKind.ORDER, order.id), file.id)
    await market.sign_in(client, owner)
    reader = await market.sign_in(await new_client(), await market.person())
    address = f"/api/v1/orders/{order.id}"
    (given,) = (await reader.get(address)).json()["files"]
    links = (given["url"], given["preview_url"])
    assert [(await client.get(link)).status_code for link in links] == [200, 200]

    assert "is told why" in await command("files", "take-down", str(file.id), *WHY)
    await settle()
    for link in links:
        assert (await client.get(link)).status_code == 404
    (shown,) = (await reader.get(address)).json()["files"]
    assert (shown["taken_down"], shown["url"], shown["preview_url"]) == (True, None, None)
    assert WHY[1] not in str(shown)
    reader.headers["Accept-Language"] = "en"
    page = (await reader.get(f"/orders/{order.id}")).text
    assert "Removed by the operator" in page
    assert WHY[1] not in page
    assert f"Removed by the operator: {WHY[1]}" in (await client.get("/settings/files")).text
    assert WHY[1] in (await client.get(f"/api/v1/files/{file.id}")).json()["note"]
    assert await kinds(client) == ["file_taken_down"]

    await command("files", "restore", str(file.id), "--reason", "By mistake.")
    await settle()
    assert [(await client.get(link)).status_code for link in links] == [200, 200]
    assert (await client.get(f"/api/v1/files/{file.id}")).json()["note"] is None
    assert await kinds(client) == ["file_restored", "file_taken_down"]


async def test_commands_about_files_are_recorded_and_checked(market: Market, files: Files, command: Command) -> None:
    owner = await market.person()
    file = await files.make(owner, picture(), "sketch.png")
    await command("files", "take-down", str(file.id), *WHY)
    with pytest.raises(Refusal, match="not in a state"):
        await command("files", "take-down", str(file.id), *WHY)
    await command("files", "restore", str(file.id), "--reason", "By mistake.")
    async with command.resources.sessions() as session:
        rows = select(AuditEntry).where(AuditEntry.subject == str(file.id)).order_by(AuditEntry.id)
        entries = (await session.execute(rows)).scalars().all()
    assert [(entry.action, entry.reason) for entry in entries] == [
        ("file.take_down", WHY[1]),
        ("file.restore", "By mistake."),
    ]
    with pytest.raises(Refusal, match="not in a state"):
        await command("files", "restore", str(file.id))
    with pytest.raises(Refusal, match="no such file"):
        await command("files", "take-down", str(owner.id), *WHY)
    with pytest.raises(Refusal, match="no id of a file"):
        await command("files", "take-down", "sketch.png", *WHY)


async def test_a_removed_photo_is_shown_nowhere(
    market: Market, files: Files, client: httpx.AsyncClient, command: Command, resources: Resources
) -> None:
    owner = await market.person("anna")
    file = await files.make(owner, picture(size=(300, 300)), "face.png", SubjectKind.AVATAR)
    subject = Subject(SubjectKind.AVATAR, owner.id)
    await attach(market, owner, subject, file.id)
    async with resources.sessions() as session:
        assert await service.find_preview(session, subject) is not None
    assert (await client.get("/api/v1/profiles/anna")).json()["avatar_url"]
    await command("files", "take-down", str(file.id), *WHY)
    async with resources.sessions() as session:
        assert await service.find_preview(session, subject) is None
    assert (await client.get("/api/v1/profiles/anna")).json()["avatar_url"] is None


async def test_a_removed_file_is_kept_for_a_time(
    market: Market, files: Files, client: httpx.AsyncClient, command: Command, resources: Resources
) -> None:
    owner = await market.person()
    file = await files.make(owner, picture(), "sketch.png")
    await command("files", "take-down", str(file.id), *WHY)
    await market.sign_in(client, owner)
    refused = await client.delete(f"/api/v1/files/{file.id}")
    assert (refused.status_code, refused.json()["code"]) == (404, "file-removed")

    async def swept(file_id: UUID, age: timedelta) -> bool:
        async with market.uow() as uow:
            row = await uow.session.get_one(File, file_id)
            row.touched_at = row.taken_down_at = utc_now() - age
        async with market.uow() as uow:
            await service.remove_abandoned_files(uow)
        async with resources.sessions() as session:
            return await session.get(File, file_id) is None

    assert not await swept(file.id, rules.TAKEN_DOWN - timedelta(days=1))
    assert await swept(file.id, rules.TAKEN_DOWN + timedelta(days=1))
