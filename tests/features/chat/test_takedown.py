"""Messages that the operator takes down: neither side reads them, their author reads why, they can be restored."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import select

from app.cli.shared import Refusal
from app.core.audit import AuditEntry
from app.core.resources import Resources
from app.models.file import SubjectKind
from tests.factories.commands import Command
from tests.factories.files import Files
from tests.factories.orders import Market
from tests.features.chat.test_messages import Dialogue
from tests.features.orders.test_states import kinds

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
WHY = ("--reason", "Оскорбление.")
INSULT = "You are a blockhead"


async def test_a_removed_message_its_reason_and_its_return(
    market: Market,
    resources: Resources,
    client: httpx.AsyncClient,
    new_client: NewClient,
    settle: Settle,
    command: Command,
) -> None:
    files = Files(resources)
    talk = await Dialogue(market, resources).start()
    sheet = await files.make(talk.customer, kind=SubjectKind.MESSAGE)
    message = await talk.say(talk.customer, INSULT, files=[sheet.id])
    reader = await market.sign_in(await new_client(), talk.anna)
    await market.sign_in(client, talk.customer)
    api, page = f"/api/v1/conversations/{message.conversation_id}/messages", f"/messages/{message.conversation_id}"
    link = (await reader.get(api)).json()["items"][0]["files"][0]["url"]
    assert (await reader.get(link)).status_code == 200
    for each in (client, reader):
        each.headers["Accept-Language"] = "en"

    assert "is told why" in await command("messages", "take-down", str(message.conversation_id), "1", *WHY)
    await settle()
    for each in (client, reader):
        for address in (api, page, "/messages", "/api/v1/conversations"):
            shown = (await each.get(address)).text
            assert INSULT not in shown
            assert "Removed by the operator" in shown
            assert (WHY[1] in shown) is (each is client)
    (item,) = (await reader.get(api)).json()["items"]
    assert (item["taken_down"], item["files"], item["contacts"]) == (True, [], [])
    assert (await reader.get(link)).status_code == 404
    assert (await kinds(client))[0] == "message_taken_down"

    await command("messages", "restore", str(message.conversation_id), "1")
    await settle()
    (item,) = (await reader.get(api)).json()["items"]
    assert (item["taken_down"], item["text"], len(item["files"])) == (False, INSULT, 1)
    assert (await reader.get(link)).status_code == 200
    assert (await kinds(client))[0] == "message_restored"


async def test_a_file_removed_by_itself_stays_removed(
    market: Market, resources: Resources, client: httpx.AsyncClient, command: Command
) -> None:
    talk = await Dialogue(market, resources).start()
    sheet = await Files(resources).make(talk.customer, kind=SubjectKind.MESSAGE)
    message = await talk.say(talk.customer, INSULT, files=[sheet.id])
    key = str(message.conversation_id)
    await command("files", "take-down", str(sheet.id), *WHY)
    await command("messages", "take-down", key, "1", *WHY)
    with pytest.raises(Refusal, match="not in a state"):
        await command("messages", "take-down", key, "1", *WHY)
    await command("messages", "restore", key, "1", "--reason", "By mistake.")
    await market.sign_in(client, talk.customer)
    assert (await client.get(f"/api/v1/files/{sheet.id}")).json()["taken_down"] is True
    async with resources.sessions() as session:
        rows = select(AuditEntry).where(AuditEntry.subject == str(message.id)).order_by(AuditEntry.id)
        actions = [entry.action for entry in (await session.execute(rows)).scalars()]
    assert actions == ["message.take_down", "message.restore"]
    with pytest.raises(Refusal, match="not in a state"):
        await command("messages", "restore", key, "1")
    with pytest.raises(Refusal, match="no such message"):
        await command("messages", "take-down", key, "9", *WHY)
    with pytest.raises(Refusal, match="no id of a conversation"):
        await command("messages", "take-down", "first", "1", *WHY)
