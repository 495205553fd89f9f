"""E-mails are stored with their reason, sent outside of any transaction, and never lost."""

import email
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from email.policy import default
from typing import cast

import httpx
import pytest
import pytest_asyncio
import time_machine
from aiosmtplib.email import flatten_message
from sqlalchemy import select

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.ids import new_id
from app.core.messaging.worker import Outcome
from app.core.money import Currency, MoneyRead
from app.core.ports import Mail
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.authentication.events import NewDeviceSignedIn, SessionReplayed
from app.features.identity import service as identity
from app.features.identity.events import (
    AccountDeactivated,
    EmailChanged,
    EmailChangeRequested,
    PasswordChanged,
    PhoneChanged,
)
from app.features.matching.schemas import AlertEmailRead, FoundOrder
from app.features.notifications import rules, service
from app.features.notifications.tasks import send_mail
from app.features.orders import service as orders
from app.features.orders.schemas import InvitationCreate
from app.gateways.mail import (
    MailRefusedError,
    MailUnavailableError,
    NullMailer,
    SmtpMailer,
    compose,
)
from app.models import AlertFrequency, BudgetKind, User
from app.models.notification import MailMessage, MailStatus, NoticeKind
from app.web.mail_templates import render_mail
from tests.e2e.mail import MailSink, text_of
from tests.factories.commands import OPERATOR
from tests.factories.orders import Market
from tests.factories.users import make_user

type Settle = Callable[..., Awaitable[list[Outcome]]]
MAIL = Mail(
    key="7.confirm-email.abc", to="vera@example.com", subject="Hello", text="Text\n", html="<p>Text</p>", language="en"
)


@pytest.fixture
def mailer(resources: Resources) -> NullMailer:
    return cast("NullMailer", resources.mailer)


async def the_mail(resources: Resources) -> MailMessage:
    async with resources.sessions() as session:
        return (await session.execute(select(MailMessage))).scalar_one()


@pytest_asyncio.fixture(loop_scope="session")
async def queued(resources: Resources) -> AsyncGenerator[MailMessage]:
    """One e-mail that waits to be sent."""
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session, username="Vera", email="vera@example.com")
        await service.notify(uow, str(user.id), NoticeKind.PASSWORD_CHANGED, 41)
    yield await the_mail(resources)


async def test_the_confirmation_mail_carries_a_link_and_a_code(
    client: httpx.AsyncClient, settle: Settle, mailbox: list[Mail]
) -> None:
    form = {"username": "Vera", "password": "correct horse battery staple", "email": "vera@example.com"}
    answer = await client.post("/api/v1/auth/register", json=form)
    assert answer.status_code == 201, answer.text
    await settle()
    (sent,) = mailbox
    assert sent.to == "vera@example.com"
    assert sent.subject == "Confirm your e-mail address"
    assert "https://localhost/confirm-email?token=" in sent.text
    assert "https://localhost/confirm-email?token=" in sent.html
    assert "Hello, Vera." in sent.text
    await settle()
    assert len(mailbox) == 1


async def test_a_mail_has_no_addresses_that_people_wrote(
    market: Market, settle: Settle, mailbox: list[Mail], resources: Resources
) -> None:
    anna, customer = await market.person("anna"), await market.person("bakery")
    order = await market.order(customer, title="Pay at https://evil.example/pay or evil.com, mail me@evil.ru")
    async with unit_of_work(resources) as uow:
        (await uow.session.get_one(User, anna.id)).email_confirmed_at = utc_now()
        (await uow.session.get_one(User, customer.id)).display_name = "evil.com Пекарня"  # before names had rules
        await orders.invite(uow, customer, order.id, InvitationCreate(username="anna"))
    await settle()
    with time_machine.travel(utc_now() + rules.REVERSIBLE, tick=False):
        await settle()
    (sent,) = [mail for mail in mailbox if mail.to == "anna@example.org"]
    assert "Пекарня (@bakery)" in sent.text
    for written in (sent.text, sent.html, sent.subject):
        assert "evil" not in written


async def test_a_mail_that_confirms_an_address_has_no_chosen_words(
    resources: Resources, settle: Settle, mailbox: list[Mail]
) -> None:
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session, username="Vera", display_name="You won a prize", email_confirmed_at=None)
        await identity.resend_email(uow, user.id)
    await settle()
    (sent,) = mailbox
    assert "Hello, Vera." in sent.text
    assert "prize" not in sent.text + sent.html


async def test_a_mail_speaks_the_language_of_its_receiver(
    resources: Resources, settle: Settle, mailbox: list[Mail]
) -> None:
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session, locale="ru")
        uow.emit(PasswordChanged(user_id=str(user.id), reset=False))
    await settle()
    assert mailbox[0].language == "ru"
    assert mailbox[0].subject == "Ваш пароль изменён"


async def test_notices_of_account_events_reach_the_right_address(
    resources: Resources, settle: Settle, mailbox: list[Mail]
) -> None:
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session, email="new@example.com")
        owner = str(user.id)
        for event in (
            EmailChangeRequested(user_id=owner, old_email="old@example.com"),
            EmailChanged(user_id=owner, old_email="old@example.com"),
            PhoneChanged(user_id=owner, old_phone=None),
            NewDeviceSignedIn(user_id=owner, session_id=owner),
            SessionReplayed(user_id=owner, session_id=owner),
            AccountDeactivated(user_id=owner),
        ):
            uow.emit(event)
    await settle()
    assert sorted((mail.key.split(".")[1], mail.to) for mail in mailbox) == [
        ("account-deactivated", "new@example.com"),
        ("email-change-requested", "old@example.com"),
        ("email-changed", "old@example.com"),
        ("new-device", "new@example.com"),
        ("phone-changed", "new@example.com"),
        ("session-replayed", "new@example.com"),
    ]


async def test_a_ban_and_its_end_are_told_by_mail_with_the_reason(
    resources: Resources, settle: Settle, mailbox: list[Mail]
) -> None:
    resources.settings = resources.settings.model_copy(update={"operator_email": "help@iplance.example"})
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session, email="vera@example.com", locale="ru")
        silent = await make_user(uow.session, email_confirmed_at=None)
        for person in (user, silent):
            await identity.ban(uow, OPERATOR, person.id, reason="Продавала чужое")
    await settle()
    async with unit_of_work(resources) as uow:
        await identity.lift_ban(uow, OPERATOR, user.id)
    await settle()
    assert [(mail.to, mail.subject) for mail in mailbox] == [
        ("vera@example.com", "Ваша учётная запись заблокирована"),
        ("vera@example.com", "Ваша учётная запись разблокирована"),
    ]
    assert "Продавала чужое" in mailbox[0].text
    assert "help@iplance.example" in mailbox[0].text


async def test_an_unconfirmed_address_gets_no_notices(
    resources: Resources, settle: Settle, mailbox: list[Mail]
) -> None:
    async with unit_of_work(resources) as uow:
        user = await make_user(uow.session, email_confirmed_at=None)
        uow.emit(PasswordChanged(user_id=str(user.id), reset=False))
    await settle()
    assert mailbox == []


async def test_a_server_away_is_asked_again_later(
    resources: Resources, queued: MailMessage, mailer: NullMailer
) -> None:
    mailer.trouble.append(MailUnavailableError("421"))
    await send_mail(resources)
    assert mailer.sent == []
    waiting = await the_mail(resources)
    assert (waiting.status, waiting.last_error) == (MailStatus.QUEUED, "421")
    await send_mail(resources)
    assert mailer.sent == []
    with time_machine.travel(utc_now() + timedelta(minutes=1), tick=False):
        await send_mail(resources)
    assert [mail.key for mail in mailer.sent] == [queued.key]
    assert (await the_mail(resources)).status is MailStatus.SENT


@pytest.mark.usefixtures("queued")
async def test_a_mail_refused_for_good_is_not_tried_again(resources: Resources, mailer: NullMailer) -> None:
    mailer.trouble.append(MailRefusedError("550"))
    await send_mail(resources)
    assert (await the_mail(resources)).status is MailStatus.REFUSED
    with time_machine.travel(utc_now() + timedelta(days=1), tick=False):
        await send_mail(resources)
    assert mailer.sent == []


@pytest.mark.usefixtures("queued")
async def test_a_mail_given_up_waits_for_a_person(resources: Resources, mailer: NullMailer) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        for _try in range(rules.MAX_ATTEMPTS):
            mailer.trouble.append(MailUnavailableError("timeout"))
            await send_mail(resources)
            clock.shift(rules.MAX_DELAY)
        assert (await the_mail(resources)).status is MailStatus.DEAD
        async with unit_of_work(resources) as uow:
            (dead,) = await service.dead_mails(uow.session)
            assert await service.retry_mail(uow, OPERATOR, dead.id)
        await send_mail(resources)
    assert len(mailer.sent) == 1


@pytest.mark.usefixtures("queued")
async def test_a_sender_that_died_leaves_the_mail_to_the_next_one_under_the_same_name(
    resources: Resources, mailer: NullMailer
) -> None:
    async with unit_of_work(resources) as uow:
        claimed = await service.claim_mail(uow)
    assert claimed is not None
    await send_mail(resources)
    assert mailer.sent == []
    with time_machine.travel(utc_now() + rules.CLAIM + timedelta(seconds=1), tick=False):
        await send_mail(resources)
    assert [mail.key for mail in mailer.sent] == [claimed.key]


def test_the_message_has_a_stable_name_and_says_it_is_no_person(settings: Settings) -> None:
    first, second = compose(MAIL, settings), compose(MAIL, settings)
    assert first["Message-ID"] == second["Message-ID"] == "<7.confirm-email.abc@localhost>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]


def test_a_mail_that_can_be_ended_says_how_to_programs(settings: Settings) -> None:
    """RFC 8058: both headers, with the URL unchanged and on one line at any length."""
    address = f"https://the-longest-market.example.org/unsubscribe/{'Ab-_' * 16}"
    raw = flatten_message(compose(replace(MAIL, unsubscribe=address), settings))
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    parsed = email.message_from_bytes(raw, policy=default)
    assert parsed["List-Unsubscribe"] == f"<{address}>"
    assert compose(MAIL, settings)["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    "evil", ["Hi\r\nBcc: all@example.com", "Hi\nBcc: all@example.com", "Hi\u2028Bcc: x@example.com"]
)
def test_nobody_writes_a_header_of_their_own(settings: Settings, evil: str) -> None:
    mail = Mail(key="k", to="vera@example.com", subject=evil, text="t", html="h", language="en")
    raw = compose(mail, settings).as_bytes()
    parsed = email.message_from_bytes(raw, policy=default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"].startswith("Hi")


async def test_an_address_that_smuggles_a_header_is_refused(settings: Settings) -> None:
    mail = Mail(key="k", to="vera@example.com\r\nBcc: x@example.com", subject="s", text="t", html="h", language="en")
    try:
        raw = compose(mail, settings).as_bytes()
    except ValueError:
        return
    assert email.message_from_bytes(raw, policy=default)["Bcc"] is None


async def test_real_smtp_delivers_text_and_html(settings: Settings) -> None:
    sink = MailSink()
    sink.start()
    try:
        here = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_tls": "none"})
        await SmtpMailer(here).send(MAIL)
    finally:
        sink.stop()
    (caught,) = sink.mails_for("vera@example.com")
    assert text_of(caught).strip() == "Text"
    assert text_of(caught, "html").strip() == "<p>Text</p>"


async def test_no_server_means_later(settings: Settings, unused_tcp_port: int) -> None:
    here = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": unused_tcp_port, "smtp_tls": "none"})
    with pytest.raises(MailUnavailableError):
        await SmtpMailer(here).send(MAIL)


FOUND = AlertEmailRead(
    frequency=AlertFrequency.DAILY,
    orders=(
        FoundOrder(
            id=new_id(),
            title="Site <script>",
            text="What & how",
            budget_kind=BudgetKind.HOURLY,
            budget=MoneyRead(amount=100_00, currency=Currency.RUB),
            budget_max=MoneyRead(amount=200_00, currency=Currency.RUB),
            searches=("Sites & <b>more",),
        ),
        FoundOrder(
            id=new_id(),
            title="Bot",
            text="",
            budget_kind=BudgetKind.OPEN,
            budget=None,
            budget_max=None,
            searches=("x",),
        ),
    ),
    count=25,
    searches=(("Sites & <b>more", "/unsubscribe/one"),),
    unsubscribe="/unsubscribe/all",
)


@pytest.mark.parametrize("locale", ["ru", "en"])
@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if rules.MAIL_RULES[kind].mailed])
def test_every_mail_can_be_written_in_every_language(kind: NoticeKind, locale: str) -> None:
    context = {
        "origin": "https://iplance.example",
        "kind": kind.value,
        "name": "Vera & <b>Co</b>",
        "link": "https://iplance.example/x?token=a&b=c",
        "code": "123456",
        "order": "Site <script>",
        "person": None,
        "found": FOUND,
        "reason": "<script> & lies",
        "operator": "help@iplance.example",
        "file": "a <script>.pdf",
        "work": "Site <script>",
        "amount": "1,000 RUB",
        "number": "ACT-2026-1",
        "sha256": "0f" * 32,
        "news": "Work was accepted",
        "side": "freelancer",
    }
    words = render_mail(kind.value, locale, context)
    assert "\n" not in words.subject
    assert "Vera & <b>Co</b>" in words.text
    assert "https://iplance.example/x?token=a&b=c" in words.text or "link" not in words.text
    assert "<b>Co" not in words.html
    assert "<script>" not in words.html
    assert words.text.count("\n\n\n") == 0
