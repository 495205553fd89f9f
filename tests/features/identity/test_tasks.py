"""Background tasks of accounts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.identity import service
from app.features.identity.tasks import prune
from app.gateways.mail_catcher_inbox import list_caught_mail
from app.gateways.sms import ConsoleSms, NullSms, sms_sender_of
from app.models.session import AuthSession
from app.models.user import User
from tests.conftest import SignIn
from tests.factories.users import PASSWORD, make_user
from tests.features.identity.test_endpoints import API, OpenUow, challenge_message, last_challenge

type Settle = Callable[..., Awaitable[object]]


@pytest.fixture
def texts(resources: Resources, tmp_path: Path) -> list[tuple[str, str]]:
    """Return the text messages of this test as (subject, text) pairs, newest first."""
    resources.settings = resources.settings.model_copy(update={"data_dir": tmp_path})
    resources.sms_sender = ConsoleSms(tmp_path / "mail")
    return []


def caught(resources: Resources) -> list[tuple[str, str]]:
    return [(mail.subject, mail.text.strip()) for mail in list_caught_mail(resources.settings)]


async def test_the_code_goes_to_the_number_in_the_persons_language(
    client: httpx.AsyncClient, resources: Resources, texts: object, settle: Settle, uow: OpenUow
) -> None:
    del texts
    body = {"username": "Вера", "phone": "8 999 111-22-33", "password": PASSWORD}
    await client.post(f"{API}/register", json=body, headers={"Accept-Language": "ru"})
    await settle()
    code = (await challenge_message(uow, await last_challenge(uow))).code
    said = f"{code} — ваш код ipLance. Он действует десять минут. Никому его не сообщайте."
    assert caught(resources) == [("SMS +79991112233", said)]


async def test_a_reset_of_an_account_without_address_goes_to_its_number(
    client: httpx.AsyncClient, resources: Resources, texts: object, settle: Settle, uow: OpenUow
) -> None:
    del texts
    async with uow() as work:
        user = await make_user(work.session, email=None, phone="+79991112233", phone_confirmed_at=utc_now())
        await make_user(work.session, username="with_mail")
    for name in (user.username, "with_mail", "nobody_at_all"):
        await client.post(f"{API}/password/reset", json={"identifier": name})
    await settle()
    assert [subject for subject, _text in caught(resources)] == ["SMS +79991112233"]


async def test_without_a_provider_messages_are_dropped(resources: Resources) -> None:
    production = resources.settings.model_copy(update={"environment": "production"})
    assert isinstance(sms_sender_of(replace(resources, settings=production, sms_sender=None)), NullSms)
    await NullSms().send("+79991112233", "anything")


async def test_what_ended_long_ago_is_forgotten(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, uow: OpenUow
) -> None:
    await sign_in(client)
    async with uow() as work:
        user = (await work.session.execute(select(User))).scalars().one()
        long_ago = utc_now() - timedelta(days=200)
        old = AuthSession(
            user_id=user.id,
            token_version=0,
            rotated_at=long_ago,
            authenticated_at=long_ago,
            last_used_at=long_ago,
            expires_at=long_ago,
            ends_at=long_ago,
        )
        work.session.add(old)
    await prune(resources)
    async with uow() as work:
        assert (await work.session.execute(select(func.count()).select_from(AuthSession))).scalar_one() == 1
    assert (await client.get(f"{API}/me")).status_code == 200


async def test_people_are_named_to_others_without_their_contacts(uow: OpenUow) -> None:
    async with uow() as work:
        one = await make_user(work.session, username="vera", display_name="Vera P.")
        two = await make_user(work.session, username="zoya")
        names = await service.usernames(work.session, [one.id, two.id])
    assert names == {one.id: "Vera P. (@vera)", two.id: "zoya"}
