"""Password reset and changed contacts (ASVS 6.4, 7.5): no step can be skipped, none can be repeated."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
import time_machine
from sqlalchemy import text, update

from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.security.signing import bytes_of
from app.features.authentication import service as authentication
from app.features.authentication.errors import WrongCredentialsError
from app.features.authentication.schemas import SignInForm
from app.features.authentication.service import Caller
from app.features.identity.service.contacts import (
    CODE_DIGITS,
    CODE_LIFE,
    LINK_LIFE,
    MAX_WRONG_CODES,
    MAX_WRONG_CODES_A_DAY,
)
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.user import User
from tests.factories.users import PASSWORD, confirm_contacts
from tests.security.people import (
    ACCESS,
    API,
    CSRF,
    DEVICE,
    OTHER_PASSWORD,
    REFRESH,
    NewClient,
    OpenUow,
    Settle,
    challenge_message,
    cookies_of,
    kinds,
    login,
    post,
    register,
    request_password_reset,
    status_of_me,
    topics,
)
from tests.security.test_guessing import counted

type Answer = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def set_password(client: httpx.AsyncClient) -> Answer:
    async def run(**proof: str) -> httpx.Response:
        return await post(client, "password/reset/confirm", password=OTHER_PASSWORD, **proof)

    return run


def is_refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (422, "challenge-not-valid")


async def test_v6_4_1_a_reset_link_works_once_and_dies_with_a_newer_one(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow, set_password: Answer
) -> None:
    await register(client)
    old = await request_password_reset(client, settle, uow)
    new = await request_password_reset(client, settle, uow)
    assert is_refused(await set_password(token=old.token))
    assert is_refused(await set_password(identifier="Vera", code=old.code)) or old.code == new.code
    assert (await set_password(token=new.token)).status_code == 200
    assert is_refused(await set_password(token=new.token))
    assert is_refused(await set_password(identifier="Vera", code=new.code))


async def test_v6_4_1_and_6_5_5_links_and_codes_end_in_time(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow, set_password: Answer
) -> None:
    await register(client)
    assert timedelta(hours=1) >= LINK_LIFE
    assert timedelta(minutes=10) >= CODE_LIFE
    assert CODE_DIGITS >= 6
    now = utc_now()
    with time_machine.travel(now, tick=False):
        sent = await request_password_reset(client, settle, uow)
    assert len(bytes_of(sent.token)) - 16 >= 16  # besides the id, at least 128 bits that only we can create
    with time_machine.travel(now + CODE_LIFE, tick=False):
        assert is_refused(await set_password(identifier="Vera", code=sent.code))
    with time_machine.travel(now + LINK_LIFE, tick=False):
        assert is_refused(await set_password(token=sent.token))
    with time_machine.travel(now + LINK_LIFE - timedelta(seconds=1), tick=False):
        assert (await set_password(token=sent.token)).status_code == 200


async def test_v6_4_3_a_reset_signs_nobody_in_and_ends_every_session(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow
) -> None:
    await register(client)
    other, forgetful = await new_client(), await new_client()
    await login(other)
    token = (await request_password_reset(forgetful, settle, uow)).token
    answer = await post(forgetful, "password/reset/confirm", token=token, password=OTHER_PASSWORD)
    assert answer.json() == {"done": True}
    assert not {ACCESS, REFRESH} & set(cookies_of(forgetful))
    assert [await status_of_me(person) for person in (client, other, forgetful)] == [401] * 3
    assert (await post(client, "refresh")).status_code == 401
    assert (await login(forgetful)).status_code == 401
    assert (await login(forgetful, OTHER_PASSWORD)).status_code == 200
    assert "password_reset" in await kinds(uow)
    assert "password_changed" in await topics(uow)


async def test_v6_4_3_a_proof_of_one_purpose_serves_no_other(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow, set_password: Answer
) -> None:
    await register(client)
    confirm = await challenge_message(uow, ChallengePurpose.CONFIRM_EMAIL)
    by_phone = await challenge_message(uow, ChallengePurpose.CONFIRM_PHONE)
    await post(client, "email", email="new@example.com")
    change = await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)
    for sent in (confirm, by_phone, change):
        assert is_refused(await set_password(token=sent.token))
        assert is_refused(await set_password(identifier="Vera", code=sent.code))
    reset = await request_password_reset(client, settle, uow)
    assert is_refused(await post(client, "confirm-email", token=reset.token))
    assert is_refused(await post(client, "confirm-email", token=by_phone.token))
    assert is_refused(await post(client, "confirm-phone", code=change.code))
    assert (await client.get(f"{API}/me")).json()["email"] == "vera@example.com"
    assert (await client.get(f"{API}/me")).json()["email_confirmed"] is False


@pytest.mark.parametrize("token", ["", "x", "A" * 54, "%00", "../../etc/passwd", "' OR 1=1 --", "я" * 40, "A" * 200])
async def test_v6_4_3_made_up_links_are_refused_and_cost_no_hash(
    client: httpx.AsyncClient, resources: Resources, token: str
) -> None:
    with counted(resources) as seen:
        answer = await post(client, "password/reset/confirm", token=token, password=OTHER_PASSWORD)
    assert answer.status_code == 422
    assert seen["hashes"] == 0


async def test_v6_4_3_an_altered_link_is_refused(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow, set_password: Answer
) -> None:
    await register(client)
    token = (await request_password_reset(client, settle, uow)).token
    for place in range(0, len(token), 3):
        letter_there = "A" if token[place] != "A" else "B"
        assert (await set_password(token=token[:place] + letter_there + token[place + 1 :])).status_code == 422
    assert (await set_password(token=token)).status_code == 200


async def test_v6_6_3_five_wrong_codes_end_the_code_and_not_the_link_in_the_mail(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow, set_password: Answer
) -> None:
    await register(client)
    sent = await request_password_reset(client, settle, uow)
    wrong = f"{(int(sent.code) + 1) % 10**6:06d}"
    for names in ("Vera", "vera@example.com", "+79991234567", "VERA", "8 999 1234567")[:MAX_WRONG_CODES]:
        assert is_refused(await set_password(identifier=names, code=wrong))
    assert is_refused(await set_password(identifier="Vera", code=sent.code))
    assert (await set_password(token=sent.token)).status_code == 200


async def test_v6_6_2_a_code_opens_only_the_account_it_was_sent_for(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow
) -> None:
    await register(client)
    other = await new_client()
    await register(other, username="Mallory", email="mallory@example.com", phone=None)
    hers = await request_password_reset(other, settle, uow, "Mallory")
    answer = await post(other, "password/reset/confirm", identifier="Vera", code=hers.code, password=OTHER_PASSWORD)
    assert is_refused(answer)
    assert (await login(await new_client())).status_code == 200


async def test_v6_4_1_links_die_with_the_password_the_address_and_the_account(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow, set_password: Answer
) -> None:
    await register(client)
    before = (await request_password_reset(client, settle, uow)).token
    await post(client, "password", current_password=PASSWORD, new_password=OTHER_PASSWORD)
    assert is_refused(await set_password(token=before))
    before = (await request_password_reset(client, settle, uow)).token
    await post(client, "email", email="new@example.com")
    await post(client, "confirm-email", token=(await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)).token)
    assert is_refused(await set_password(token=before))
    before = (await request_password_reset(client, settle, uow)).token
    assert (await post(client, "deactivate", password=OTHER_PASSWORD)).status_code == 200
    assert is_refused(await set_password(token=before))


@pytest.mark.parametrize("how", ["change", "reset"])
async def test_a_wish_for_another_address_does_not_outlive_the_password(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow, how: str
) -> None:
    await register(client)
    thief = await new_client()
    await login(thief)
    await post(thief, "email", email="thief@example.com")
    await post(thief, "phone", phone="+79990000000")
    link = (await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)).token
    if how == "change":
        await post(client, "password", current_password=PASSWORD, new_password=OTHER_PASSWORD)
    else:
        token = (await request_password_reset(client, settle, uow)).token
        await post(client, "password/reset/confirm", token=token, password=OTHER_PASSWORD)
    assert is_refused(await post(await new_client(), "confirm-email", token=link))
    owner = await new_client()
    await login(owner, OTHER_PASSWORD)
    me = (await owner.get(f"{API}/me")).json()
    assert (me["email"], me["phone"]) == ("vera@example.com", "+79991234567")


async def test_a_closed_account_changes_no_more(client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow) -> None:
    await register(client)
    await post(client, "email", email="new@example.com")
    link = (await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)).token
    await post(client, "deactivate", password=PASSWORD)
    assert is_refused(await post(await new_client(), "confirm-email", token=link))


async def test_v6_3_7_a_new_address_waits_for_its_proof_and_the_old_one_is_told_twice(
    client: httpx.AsyncClient, uow: OpenUow
) -> None:
    await register(client)
    assert (await post(client, "email", email="new@example.com")).status_code == 202
    assert (await client.get(f"{API}/me")).json()["email"] == "vera@example.com"
    assert (await login(client, email="new@example.com")).status_code == 401
    sent = await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)
    assert sent.to_email == "new@example.com"
    assert (await post(client, "confirm-email", token=sent.token)).status_code == 200
    assert (await client.get(f"{API}/me")).json()["email"] == "new@example.com"
    async with uow() as work:
        rows = (await work.session.execute(text("SELECT topic, payload FROM outbox_messages ORDER BY id"))).all()
    told = {topic: payload["old_email"] for topic, payload in rows if "old_email" in payload}
    assert told == {
        "identity.email_change_requested": "vera@example.com",
        "identity.email_changed": "vera@example.com",
    }


async def test_v6_4_3_an_address_taken_meanwhile_is_not_taken_over(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    await register(client)
    await post(client, "email", email="wanted@example.com")
    link = (await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)).token
    await register(await new_client(), username="Zoya", email="Wanted@example.com", phone=None)
    await confirm_contacts(uow)
    answer = await post(client, "confirm-email", token=link)
    assert (answer.status_code, answer.json()["code"]) == (409, "email-taken")
    assert (await client.get(f"{API}/me")).json()["email"] == "vera@example.com"


async def test_a_reset_goes_to_a_confirmed_contact_first(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow
) -> None:
    await register(client, email="typo@example.com")
    code = (await challenge_message(uow, ChallengePurpose.CONFIRM_PHONE)).code
    assert (await post(client, "confirm-phone", code=code)).status_code == 200
    sent = await request_password_reset(client, settle, uow)
    assert (sent.to_email, sent.to_phone) == (None, "+79991234567")


async def test_a_sign_in_begun_before_the_password_changed_opens_nothing(
    client: httpx.AsyncClient, resources: Resources, uow: OpenUow
) -> None:
    await register(client)
    form = SignInForm(username="Vera", password=PASSWORD)
    async with resources.read_sessions() as session:
        ticket = await authentication.start_sign_in(session, resources, form, Caller())
    checked = await authentication.check_password(resources, ticket, form.password)
    assert checked[0]
    assert (await post(client, "password", current_password=PASSWORD, new_password=OTHER_PASSWORD)).status_code == 200
    with pytest.raises(WrongCredentialsError):
        async with uow() as work:
            await authentication.finish_sign_in(work, ticket, checked, Caller())


async def test_v6_5_2_nothing_that_opens_an_account_is_stored(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow
) -> None:
    await register(client)
    sent = await request_password_reset(client, settle, uow)
    await post(client, "refresh")
    secrets = [sent.token, sent.code, PASSWORD, *[cookies_of(client)[name] for name in (ACCESS, REFRESH, DEVICE, CSRF)]]
    async with uow() as work:
        tables = (
            await work.session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        ).scalars()
        stored = ""
        for table in tables:
            rows = await work.session.execute(text(f'SELECT row_to_json(t)::text FROM "{table}" t'))  # noqa: S608
            stored += "\n".join(row[0] for row in rows)
    assert "Vera" in stored
    assert [secret for secret in secrets if len(secret) > CODE_DIGITS and secret in stored] == []
    assert f'"{sent.code}"' not in stored


async def test_v6_4_a_proof_of_the_wrong_person_is_refused_after_a_swap_of_rows(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow, set_password: Answer
) -> None:
    await register(client)
    other = await new_client()
    theirs = await register(other, username="Mallory", email="mallory@example.com", phone=None)
    token = (await request_password_reset(other, settle, uow, "Mallory")).token
    async with uow() as work:
        vera = (await work.session.execute(text("SELECT id FROM users WHERE username = 'Vera'"))).scalar_one()
        moved = update(AuthChallenge).where(AuthChallenge.user_id == theirs["id"]).values(user_id=vera)
        await work.session.execute(moved)
    assert is_refused(await set_password(token=token))
    async with uow() as work:
        assert await work.session.get(User, vera) is not None


async def test_v6_6_2_a_code_works_only_in_the_browser_that_asked_for_it(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow
) -> None:
    await register(client)
    owner, stranger = await new_client(), await new_client()
    assert (await post(stranger, "password/reset", identifier="nobody_at_all")).status_code == 202
    sent = await request_password_reset(owner, settle, uow)
    proof = {"identifier": "Vera", "code": sent.code, "password": OTHER_PASSWORD}
    wrong = proof | {"code": f"{(int(sent.code) + 1) % 10**6:06d}"}
    for _ in range(2 * MAX_WRONG_CODES):
        assert is_refused(await post(stranger, "password/reset/confirm", **wrong))
    assert is_refused(await post(stranger, "password/reset/confirm", **proof))
    # The tries of strangers do not use up those of the owner.
    assert (await post(owner, "password/reset/confirm", **proof)).status_code == 200


async def test_v6_6_2_a_link_works_in_any_browser(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow
) -> None:
    await register(client)
    sent = await request_password_reset(client, settle, uow)
    answer = await post(await new_client(), "password/reset/confirm", token=sent.token, password=OTHER_PASSWORD)
    assert answer.status_code == 200


async def test_v6_6_3_codes_of_an_account_end_for_the_day_after_twenty_wrong_ones(
    client: httpx.AsyncClient, new_client: NewClient, resources: Resources, settle: Settle, uow: OpenUow
) -> None:
    await register(client)
    client, start = await new_client(), utc_now()
    for hour in range(MAX_WRONG_CODES_A_DAY // MAX_WRONG_CODES):
        with time_machine.travel(start + timedelta(hours=2 * hour), tick=False):
            await flush_limits(resources)
            sent = await request_password_reset(client, settle, uow)
            wrong = f"{(int(sent.code) + 1) % 10**6:06d}"
            for _ in range(MAX_WRONG_CODES):
                proof = {"identifier": "Vera", "code": wrong, "password": OTHER_PASSWORD}
                assert is_refused(await post(client, "password/reset/confirm", **proof))
    for hours, status in ((9, 422), (40, 200)):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            await flush_limits(resources)
            sent = await request_password_reset(client, settle, uow)
            proof = {"identifier": "Vera", "code": sent.code, "password": OTHER_PASSWORD}
            assert (await post(client, "password/reset/confirm", **proof)).status_code == status


async def flush_limits(resources: Resources) -> None:
    """Forget the attempts that were counted in Redis, whose clock a test cannot move."""
    await resources.redis.flushdb()
