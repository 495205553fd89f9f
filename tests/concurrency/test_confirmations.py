"""Whatever opens, redeems or closes the messages of one account at the same time: nobody waits in a circle."""

import asyncio
from collections import Counter

import httpx
from sqlalchemy import select

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.authentication.service import Caller
from app.features.identity import service
from app.features.identity.service import contacts
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.user import User
from tests.concurrency.test_accounts import VERA, cookies, post
from tests.factories.users import PASSWORD, make_user

ROUNDS, EACH = 3, 6
OTHER = "another long password of hers"


async def newest_code(resources: Resources, purpose: ChallengePurpose) -> str:
    """Return the code of the newest message of a kind."""
    newest = select(AuthChallenge).where(AuthChallenge.purpose == purpose).order_by(AuthChallenge.id.desc()).limit(1)
    async with resources.read_sessions() as session:
        challenge = (await session.execute(newest)).scalar_one()
        message = await service.challenge_message(session, resources, challenge.id)
    assert message is not None
    return message.code


async def test_an_address_is_confirmed_once_while_messages_changes_and_passwords_race(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    for turn in range(ROUNDS):
        form = VERA | {"username": f"Vera{turn}", "email": f"vera{turn}@example.com", "phone": None}
        held = cookies(await post(live_client, "register", {}, form))
        code = await newest_code(live_resources, ChallengePurpose.CONFIRM_EMAIL)
        change = {"email": f"new{turn}@example.com", "current_password": PASSWORD}
        renewal = {"current_password": PASSWORD, "new_password": OTHER}
        calls: list[tuple[str, object]] = [
            ("confirm-email", {"code": code}), ("confirm-email/resend", None), ("email", change), ("password", renewal)
        ]  # fmt: skip
        answers = await asyncio.gather(
            *(post(live_client, path, held, body) for _ in range(EACH) for path, body in calls)
        )
        statuses = Counter(answer.status_code for answer in answers)
        assert max(statuses) < 500, statuses
        assert sum(answer.status_code == 200 for answer in answers[:: len(calls)]) <= 1


async def test_accounts_that_take_each_others_unconfirmed_contacts_at_once_both_have_them(
    live_resources: Resources,
) -> None:
    pairs = 8
    async with unit_of_work(live_resources) as work:
        people = [
            await make_user(work.session, email=f"taken{number}@example.com", email_confirmed_at=None)
            for number in range(2 * pairs)
        ]
        held = [user.email or "" for user in people]
        wanted = [held[number ^ 1] for number in range(2 * pairs)]
        opened = [
            await contacts.open_challenge(work, user, ChallengePurpose.CHANGE_EMAIL, address)
            for user, address in zip(people, wanted, strict=True)
        ]
        tokens = [contacts.link_token(live_resources.settings, challenge) for challenge in opened]

    async def confirm(token: str) -> None:
        async with unit_of_work(live_resources) as work:
            await service.complete_email_confirmation(work, Caller(), token=token)

    ended = await asyncio.gather(*(confirm(token) for token in tokens), return_exceptions=True)
    assert [repr(error) for error in ended if error is not None] == []
    async with live_resources.read_sessions() as session:
        rows = await session.execute(select(User.email).where(User.id.in_([user.id for user in people])))
        assert sorted(str(email) for email in rows.scalars()) == sorted(wanted)
