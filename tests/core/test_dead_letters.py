"""An operator can see what could not be delivered and give it another try."""

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
from app.scripts.dead_letters import close, listed, replay
from app.tasks.relay import ALIVE_KEY
from tests.core.outbox_events import FIRST, HEARD, BellRung, listening
from tests.factories.users import make_user


@pytest.fixture(autouse=True)
async def alive(redis: Redis) -> None:
    await redis.set(ALIVE_KEY, "1")


async def bury(resources: Resources, name: str) -> None:
    async with unit_of_work(resources) as uow:
        uow.emit(BellRung(name=name))
    async with unit_of_work(resources) as uow:
        (message,) = await outbox_store.unpublished(uow.session, 1)
        message.published_at = utc_now()
        await outbox_store.bury(uow.session, message, FIRST.name, "RuntimeError at ring:7", 8)


async def test_letters_are_listed_replayed_and_closed(
    resources: Resources, settle: Callable[..., Awaitable[list[Outcome]]]
) -> None:
    with listening():
        await bury(resources, "one")
        await bury(resources, "two")
        lines = await listed(resources)
        assert len(lines) == 2
        assert "tests.bell_rung → tests.on_bell_rung  8 tries  RuntimeError at ring:7" in lines[0]
        first, second = (line.split("  ", 1)[0] for line in lines)
        assert await replay(resources, [first]) == [f"{first}: will be tried again"]
        assert await settle() == [Outcome.TAKEN]
        assert [name for _id, name in HEARD] == ["one"]
        assert "there is no such letter" in (await replay(resources, [first]))[0]
        assert await close(resources, [second]) == [f"{second}: closed"]
        assert "there is no such letter" in (await close(resources, [second]))[0]
        assert await settle() == []
        assert await listed(resources) == []


async def test_a_dead_mail_is_listed_and_sent_again(
    resources: Resources, settle: Callable[..., Awaitable[list[Outcome]]], mailbox: list[object]
) -> None:
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session)
        await service.notify(uow, str(user.id), NoticeKind.NEW_DEVICE, 1)
    async with unit_of_work(resources) as uow:
        draft = await service.claim_draft(uow)
        assert draft is not None
        mail = await uow.session.get(MailMessage, draft.mail_id)
        assert mail is not None
        mail.status = MailStatus.DEAD
    (line,) = await listed(resources)
    assert line.startswith(f"mail:{draft.mail_id}  ")
    assert await replay(resources, ["all"]) == [f"mail:{draft.mail_id}: will be tried again"]
    await settle()
    assert len(mailbox) == 1
