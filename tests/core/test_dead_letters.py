"""An operator can list dead letters and replay them."""

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from app.core.clock import utc_now
from app.core.messaging.worker import Outcome
from app.core.persistence import outbox_store
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.notifications import service
from app.models.notification import MailMessage, MailStatus, NoticeKind
from app.tasks.relay import ALIVE_KEY
from tests.core.outbox_events import FIRST, HEARD, BellRung, listening
from tests.factories.commands import Command
from tests.factories.users import make_user


@pytest.fixture(autouse=True)
async def alive(redis: Redis) -> None:
    await redis.set(ALIVE_KEY, "1")


async def move_to_dead_letters(resources: Resources, name: str) -> None:
    async with unit_of_work(resources) as uow:
        uow.emit(BellRung(name=name))
    async with unit_of_work(resources) as uow:
        (message,) = await outbox_store.unpublished(uow.session, 1)
        message.published_at = utc_now()
        await outbox_store.move_to_dead_letters(uow.session, message, FIRST.name, "RuntimeError at ring:7", 8)


async def test_letters_are_listed_replayed_and_closed(
    resources: Resources, settle: Callable[..., Awaitable[list[Outcome]]], command: Command
) -> None:
    with listening():
        await move_to_dead_letters(resources, "one")
        await move_to_dead_letters(resources, "two")
        lines = (await command("dead-letters")).splitlines()
        assert len(lines) == 2
        assert "tests.bell_rung → tests.on_bell_rung  8 tries  RuntimeError at ring:7" in lines[0]
        first, second = (line.split("  ", 1)[0] for line in lines)
        assert await command("dead-letters", "replay", first) == f"{first}: will be tried again"
        assert await settle() == [Outcome.TAKEN]
        assert [name for _id, name in HEARD] == ["one"]
        assert "there is no such letter" in await command("dead-letters", "replay", first)
        assert await command("dead-letters", "close", second) == f"{second}: closed"
        assert "there is no such letter" in await command("dead-letters", "close", second)
        assert await settle() == []
        assert await command("dead-letters", "list") == "No dead letters."


async def test_a_dead_mail_is_listed_and_sent_again(
    resources: Resources, settle: Callable[..., Awaitable[list[Outcome]]], mailbox: list[object], command: Command
) -> None:
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session)
        await service.notify(uow, str(user.id), NoticeKind.NEW_DEVICE, 1)
    async with unit_of_work(resources) as uow:
        draft = await service.claim_mail(uow)
        assert draft is not None
        mail = await uow.session.get(MailMessage, draft.mail_id)
        assert mail is not None
        mail.status = MailStatus.DEAD
    (line,) = (await command("dead-letters")).splitlines()
    assert line.startswith(f"mail:{draft.mail_id}  ")
    assert await command("dead-letters", "replay", "all") == f"mail:{draft.mail_id}: will be tried again"
    await settle()
    assert len(mailbox) == 1
