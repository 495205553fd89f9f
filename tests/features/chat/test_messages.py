"""Messages: who may write to whom, their content, read marks, and notifications."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
import time_machine
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.pagination import BadCursorError
from app.core.persistence.outbox import OutboxMessage
from app.core.ports import Mail
from app.core.resources import Resources
from app.core.security.rate_limits import Rate, TooManyTriesError
from app.features.chat import rules, service
from app.features.chat.errors import (
    ConversationClosedError,
    ConversationNotBegunError,
    ConversationNotFoundError,
    InvalidMessageError,
)
from app.features.chat.schemas import MessageWrite
from app.features.contracts import service as contracts
from app.features.files.errors import InvalidFilesError
from app.features.moderation.schemas import ContactKind
from app.features.notifications import service as notifications
from app.features.notifications.tasks import send_mail
from app.features.proposals import service as proposals
from app.features.proposals.errors import ProposalNotFoundError
from app.features.proposals.schemas import ProposalDecline
from app.features.reports import service as reports
from app.features.reports.errors import ReportedItemNotFoundError
from app.features.reports.schemas import ReportCreate, SubjectInput
from app.models import Message, Order, Proposal, ProposalStatus, ReportReason, ReportSubject, User
from app.models.file import SubjectKind
from app.models.notification import NoticeKind
from app.models.side import Side
from tests.factories.files import Files
from tests.factories.orders import Market

type Settle = Callable[..., Awaitable[object]]


class Dialogue:
    """A customer, a freelancer, and the proposal between them."""

    def __init__(self, market: Market, resources: Resources) -> None:
        self.market, self.resources = market, resources

    async def start(self) -> "Dialogue":
        self.customer, self.anna = await self.market.person("bakery"), await self.market.person("anna")
        self.order: Order = await self.market.order(self.customer, title="A shop for bread")
        self.proposal: Proposal = await self.market.proposal(self.order, self.anna)
        return self

    async def say(self, actor: Actor, text: str = "When can you start?", **fields: object) -> Message:
        command = MessageWrite.model_validate({"text": text} | fields)
        async with self.market.uow() as work:
            return (await service.write_about(work, actor, self.proposal.id, command)).message

    async def read(self, actor: Actor, conversation_id: UUID, number: int) -> None:
        async with self.market.uow() as work:
            await service.mark_read(work, actor, conversation_id, number)

    async def seen_by(self, actor: Actor, conversation_id: UUID) -> tuple[int, int]:
        """Return the number of unread messages, and up to which message the other side has read."""
        async with self.resources.sessions() as session:
            found = await service.get_conversation(session, actor, conversation_id)
            return found.unread, found.read_by_other

    async def notices(self, actor: Actor) -> list[tuple[str, bool]]:
        async with self.resources.sessions() as session:
            found = await notifications.list_notices(session, actor, None, 50)
            return [(item.text, item.read) for item in found.items if item.kind is NoticeKind.MESSAGE_RECEIVED]


@pytest_asyncio.fixture(loop_scope="session")
async def dialogue(market: Market, resources: Resources) -> Dialogue:
    return await Dialogue(market, resources).start()


async def test_the_chosen_freelancer_may_write_first(
    dialogue: Dialogue, market: Market, client: httpx.AsyncClient
) -> None:
    async with market.uow() as work:
        await contracts.accept_proposal(work, dialogue.customer, dialogue.proposal.id)
    await market.sign_in(client, dialogue.anna)
    page = await client.get(f"/proposals/{dialogue.proposal.id}/messages")
    assert "Either of you can write first." in page.text
    order = await client.get(f"/orders/{dialogue.order.id}")
    assert "See the contract" in order.text
    assert (await dialogue.say(dialogue.anna, "When do we begin?")).number == 1


async def test_the_customer_begins_and_both_go_on(dialogue: Dialogue) -> None:
    with pytest.raises(ConversationNotBegunError):
        await dialogue.say(dialogue.anna, "Hello?")
    first = await dialogue.say(dialogue.customer)
    second = await dialogue.say(dialogue.anna, "Tomorrow.")
    assert (first.number, second.number) == (1, 2)
    async with dialogue.resources.sessions() as session:
        mine = await service.conversation_of(session, dialogue.anna, dialogue.proposal.id)
        assert (mine.side, mine.other.name, mine.unread, mine.can_write) == (Side.FREELANCER, "bakery", 0, True)
        assert (mine.last.text, mine.last.mine) == ("Tomorrow.", True)
        theirs = await service.get_conversation(session, dialogue.customer, mine.id)
        assert (theirs.side, theirs.unread, theirs.read_by_other) == (Side.CUSTOMER, 1, 2)
        found = await service.list_messages(session, dialogue.customer, mine.id, 20)
        assert [(item.author.name, item.mine) for item in found.items] == [("bakery", True), ("anna", False)]


async def test_the_first_word_of_the_customer_is_an_answer(dialogue: Dialogue) -> None:
    await dialogue.say(dialogue.customer)
    async with dialogue.resources.sessions() as session:
        proposal = await proposals.get_proposal(session, dialogue.anna, dialogue.proposal.id)
        order = await session.get_one(Order, dialogue.order.id)
    assert proposal.status is ProposalStatus.SEEN
    assert proposal.seen_at is not None
    assert order.answered_at is not None


async def test_it_is_there_for_nobody_else(dialogue: Dialogue) -> None:
    message = await dialogue.say(dialogue.customer)
    rival = await dialogue.market.person()
    await dialogue.market.proposal(dialogue.order, rival)
    for stranger in (rival, await dialogue.market.person()):
        async with dialogue.resources.sessions() as session:
            for asked in (
                service.get_conversation(session, stranger, message.conversation_id),
                service.list_messages(session, stranger, message.conversation_id, 20),
            ):
                with pytest.raises(ConversationNotFoundError):
                    await asked
            with pytest.raises(ProposalNotFoundError):
                await service.conversation_of(session, stranger, dialogue.proposal.id)
            assert (await service.list_conversations(session, stranger, None, 20)).items == []
        async with dialogue.market.uow() as work:
            with pytest.raises(ConversationNotFoundError):
                await service.write(work, stranger, message.conversation_id, MessageWrite(text="x"))
            with pytest.raises(ConversationNotFoundError):
                await service.mark_read(work, stranger, message.conversation_id, 1)
            with pytest.raises(ProposalNotFoundError):
                await service.write_about(work, stranger, dialogue.proposal.id, MessageWrite(text="x"))


async def test_what_has_ended_can_be_read_and_not_added_to(dialogue: Dialogue) -> None:
    message = await dialogue.say(dialogue.customer)
    async with dialogue.market.uow() as work:
        await proposals.decline_proposal(work, dialogue.customer, dialogue.proposal.id, ProposalDecline())
    for actor in (dialogue.customer, dialogue.anna):
        with pytest.raises(ConversationClosedError):
            await dialogue.say(actor)
        async with dialogue.resources.sessions() as session:
            found = await service.get_conversation(session, actor, message.conversation_id)
            assert not found.can_write
            assert len((await service.list_messages(session, actor, found.id, 20)).items) == 1


async def test_who_was_chosen_goes_on_talking(dialogue: Dialogue) -> None:
    await dialogue.say(dialogue.customer)
    async with dialogue.market.uow() as work:
        await contracts.accept_proposal(work, dialogue.customer, dialogue.proposal.id)
    assert (await dialogue.say(dialogue.anna, "Thank you!")).number == 2


async def test_nothing_is_no_message_and_sent_twice_is_there_once(dialogue: Dialogue) -> None:
    with pytest.raises(InvalidMessageError) as wrong:
        await dialogue.say(dialogue.customer, " \n ")
    assert [error.loc for error in wrong.value.errors] == [("body", "text")]
    async with dialogue.resources.sessions() as session:
        with pytest.raises(ConversationNotFoundError):
            await service.conversation_of(session, dialogue.customer, dialogue.proposal.id)
    key = new_id()
    first = await dialogue.say(dialogue.customer, key=key)
    again = await dialogue.say(dialogue.customer, "Other words under the same key", key=key)
    assert again.id == first.id
    assert (await dialogue.say(dialogue.anna, "My own key may be the same.", key=key)).number == 2
    assert (await dialogue.say(dialogue.customer, "Another", key=new_id())).number == 3


async def test_a_message_carries_files_that_only_the_two_get(dialogue: Dialogue) -> None:
    files = Files(dialogue.resources)
    plan = await files.send(dialogue.customer, kind=SubjectKind.MESSAGE)
    message = await dialogue.say(dialogue.customer, "", files=[plan.id])
    async with dialogue.resources.sessions() as session:
        found = await service.list_messages(session, dialogue.anna, message.conversation_id, 20)
        assert [file.id for file in found.items[0].files] == [plan.id]
        (shown,) = (await service.list_conversations(session, dialogue.anna, None, 20)).items
        assert (shown.last.text, shown.last.has_files) == ("", True)
    foreign = await files.send(dialogue.anna, kind=SubjectKind.MESSAGE)
    with pytest.raises(InvalidFilesError):
        await dialogue.say(dialogue.customer, "Look", files=[foreign.id])
    assert (await dialogue.say(dialogue.anna, "Nothing was lost.")).number == 2


async def test_ways_around_the_site_are_marked_for_whoever_reads(dialogue: Dialogue) -> None:
    message = await dialogue.say(dialogue.customer, "Write to me: bakery@example.org")
    async with dialogue.resources.sessions() as session:
        theirs = await service.list_messages(session, dialogue.anna, message.conversation_id, 20)
        own = await service.list_messages(session, dialogue.customer, message.conversation_id, 20)
    assert theirs.items[0].contacts == [ContactKind.EMAIL]
    assert own.items[0].contacts == []


async def unread(session: AsyncSession, user_id: UUID) -> int:
    """Return the count in the page header."""
    statement = select(service.unread_conversations()).select_from(User).where(User.id == user_id)
    return (await session.execute(statement)).scalar_one()


async def test_each_side_sees_how_far_the_other_has_read(dialogue: Dialogue) -> None:
    talked = (await dialogue.say(dialogue.customer)).conversation_id
    for _ in range(2):
        await dialogue.say(dialogue.customer, "And another thing.")
    assert await dialogue.seen_by(dialogue.anna, talked) == (3, 3)
    await dialogue.read(dialogue.anna, talked, 2)
    assert await dialogue.seen_by(dialogue.anna, talked) == (1, 3)
    assert await dialogue.seen_by(dialogue.customer, talked) == (0, 2)
    await dialogue.read(dialogue.anna, talked, 1)
    assert await dialogue.seen_by(dialogue.customer, talked) == (0, 2)
    await dialogue.read(dialogue.anna, talked, 900)
    assert await dialogue.seen_by(dialogue.customer, talked) == (0, 3)
    await dialogue.say(dialogue.customer)
    async with dialogue.resources.sessions() as session:
        assert await unread(session, dialogue.anna.id) == 1
        assert await unread(session, dialogue.customer.id) == 0
        found = await service.list_messages(session, dialogue.customer, talked, 20)
        assert [item.read for item in found.items] == [True, True, True, False]
        (waiting,) = (await service.list_conversations(session, dialogue.anna, None, 20, unread=True)).items
        assert waiting.id == talked
        assert (await service.list_conversations(session, dialogue.customer, None, 20, unread=True)).items == []
    # Answering marks the earlier messages as read.
    await dialogue.say(dialogue.anna, "Yes.")
    assert await dialogue.seen_by(dialogue.customer, talked) == (1, 5)


async def test_a_conversation_comes_in_stretches(dialogue: Dialogue) -> None:
    talked = (await dialogue.say(dialogue.customer, "Number 1")).conversation_id
    for number in range(2, 8):
        await dialogue.say(dialogue.customer, f"Number {number}")
    async with dialogue.resources.sessions() as session:

        async def numbers(limit: int, **where: int) -> tuple[list[int], bool]:
            found = await service.list_messages(session, dialogue.anna, talked, limit, **where)
            return [item.number for item in found.items], found.more

        assert await numbers(3) == ([5, 6, 7], True)
        assert await numbers(3, before=5) == ([2, 3, 4], True)
        assert await numbers(3, before=2) == ([1], False)
        assert await numbers(3, after=3) == ([4, 5, 6], True)
        assert await numbers(3, after=6) == ([7], False)
        assert await numbers(3, after=7) == ([], False)
        assert await numbers(9, after=2, before=5) == ([3, 4], False)


async def test_the_one_that_moved_last_comes_first(dialogue: Dialogue) -> None:
    talks = [dialogue]
    for name in ("boris", "vera"):
        other = Dialogue(dialogue.market, dialogue.resources)
        other.customer, other.order = dialogue.customer, dialogue.order
        other.anna = await dialogue.market.person(name)
        other.proposal = await dialogue.market.proposal(dialogue.order, other.anna)
        talks.append(other)
    for each in (*talks, talks[1]):
        await each.say(dialogue.customer)
    async with dialogue.resources.sessions() as session:
        whole = await service.list_conversations(session, dialogue.customer, None, 20)
        assert [item.other.name for item in whole.items] == ["boris", "vera", "anna"]
        assert whole.next_cursor is None
        first = await service.list_conversations(session, dialogue.customer, None, 2)
        rest = await service.list_conversations(session, dialogue.customer, first.next_cursor, 2)
        assert [item.other.name for item in (*first.items, *rest.items)] == ["boris", "vera", "anna"]
        for broken in ("x", "WyJ4IiwieSJd"):
            with pytest.raises(BadCursorError):
                await service.list_conversations(session, dialogue.customer, broken, 2)


async def test_nobody_writes_without_end(dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MESSAGES_BY_ACCOUNT", Rate("messages", 2, 600))
    for _ in range(2):
        await dialogue.say(dialogue.customer)
    with pytest.raises(TooManyTriesError) as wait:
        await dialogue.say(dialogue.customer)
    assert wait.value.retry_after is not None
    assert (await dialogue.say(dialogue.anna, "Everybody has a count of their own.")).number == 3


async def _confirmed(dialogue: Dialogue, settle: Settle) -> None:
    """Confirm everybody's e-mail address, after the earlier notifications were sent."""
    await settle()
    async with dialogue.market.uow() as work:
        await work.session.execute(update(User).values(email_confirmed_at=utc_now()))


async def test_one_notice_and_one_mail_until_it_is_read(
    dialogue: Dialogue, settle: Settle, mailbox: list[Mail]
) -> None:
    await _confirmed(dialogue, settle)
    talked = (await dialogue.say(dialogue.customer, "The secret word is sesame.")).conversation_id
    await dialogue.say(dialogue.customer, "And a second one.")
    await settle()
    ((notice, read),) = await dialogue.notices(dialogue.anna)
    assert ("A shop for bread" in notice, "sesame" in notice, read) == (True, False, False)
    assert mailbox == []
    with time_machine.travel(utc_now() + timedelta(minutes=3)):
        await send_mail(dialogue.resources)
    (email,) = mailbox
    assert email.to == "anna@example.org"
    assert email.subject == "bakery wrote to you"
    assert f"/messages/{talked}" in email.text
    assert "sesame" not in email.text + email.html
    await dialogue.read(dialogue.anna, talked, 2)
    await settle()
    assert [read for _text, read in await dialogue.notices(dialogue.anna)] == [True]
    await dialogue.say(dialogue.customer, "A third one.")
    await settle()
    assert [read for _text, read in await dialogue.notices(dialogue.anna)] == [False, True]


async def test_what_was_read_at_once_needs_no_mail(dialogue: Dialogue, settle: Settle, mailbox: list[Mail]) -> None:
    await _confirmed(dialogue, settle)
    talked = (await dialogue.say(dialogue.customer)).conversation_id
    await settle()
    await dialogue.read(dialogue.anna, talked, 1)
    with time_machine.travel(utc_now() + timedelta(minutes=3)):
        await settle()
        assert mailbox == []
        await dialogue.say(dialogue.customer, "Read before the worker came.")
        await dialogue.read(dialogue.anna, talked, 2)
        await settle()
    assert [read for _text, read in await dialogue.notices(dialogue.anna)] == [True]
    assert mailbox == []


async def test_facts_carry_no_words(dialogue: Dialogue) -> None:
    await dialogue.say(dialogue.customer, "sesame")
    async with dialogue.resources.sessions() as session:
        said = select(OutboxMessage.payload).where(OutboxMessage.topic == "chat.message_written")
        (payload,) = (await session.execute(said)).scalars()
    assert "sesame" not in str(payload)
    assert payload["number"] == 1


async def test_a_report_keeps_what_the_other_side_wrote(dialogue: Dialogue) -> None:
    await dialogue.say(dialogue.customer, "Pay me first.")
    talked = (await dialogue.say(dialogue.anna, "No.")).conversation_id
    await dialogue.say(dialogue.customer, "Then send me your password.")
    subject = SubjectInput(kind=ReportSubject.CONVERSATION, id=talked)
    command = ReportCreate(subject=subject, reason=ReportReason.FRAUD)
    async with dialogue.market.uow() as work:
        report = await reports.send_report(work, dialogue.anna, command)
    assert report.reported_id == dialogue.customer.id
    assert report.evidence == "Pay me first.\n\nThen send me your password."
    assert reports.present(dialogue.anna, report).subject.href == f"/messages/{talked}"
    stranger = await dialogue.market.person()
    async with dialogue.market.uow() as work:
        with pytest.raises(ReportedItemNotFoundError):
            await reports.send_report(work, stranger, command)
