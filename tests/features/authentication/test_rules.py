"""Rules of sign-in: delays after wrong passwords, the cost of a try, and lifetimes of sessions."""

import statistics
import time
from datetime import timedelta

import httpx
import time_machine

from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.security.passwords import PasswordHasher
from app.core.unit_of_work import unit_of_work
from app.features.authentication import rules as sign_in_rules
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import AdminActor, FinanceActor, ModeratorActor
from app.features.authentication.service import Caller
from app.main import create_app
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.users import PASSWORD, make_user
from tests.features.identity.test_endpoints import API, VERA, NewClient, csrf


async def test_an_unknown_name_costs_as_much_as_a_wrong_password() -> None:
    hasher = PasswordHasher(8)
    stored = await hasher.hash(PASSWORD)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(40):
        began = time.perf_counter()
        assert not (await hasher.verify("wrong", stored if turn % 2 else None))[0]
        spent[bool(turn % 2)].append(time.perf_counter() - began)
    known, unknown = (min(spent[kind]) for kind in (True, False))
    assert abs(known - unknown) < 0.005, statistics.median(spent[True])


def test_delays_grow_and_never_last_for_good() -> None:
    delays = [sign_in_rules.sign_in_delay(failures) for failures in range(100)]
    assert delays[:5] == [timedelta(0)] * 5
    assert delays == sorted(delays)
    assert delays[-1] == timedelta(minutes=15)


async def test_signing_in_again_ends_what_was_planted(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn
) -> None:
    attacker = await new_client()
    await sign_in(attacker, username="mallory")
    planted = dict(attacker.cookies)
    client.cookies.update(planted)
    answer = await client.post(f"{API}/register", json=VERA, headers={"X-CSRF-TOKEN": planted["csrf_token"]})
    assert answer.status_code == 201
    assert (await attacker.get(f"{API}/me")).status_code == 401


async def test_a_session_ends_idle_and_at_its_absolute_end(client: httpx.AsyncClient, resources: Resources) -> None:
    resources.settings = resources.settings.model_copy(update={"session_absolute_days": 45})
    await client.post(f"{API}/register", json=VERA)
    began, held = utc_now(), dict(client.cookies)
    with time_machine.travel(began + timedelta(days=30, minutes=1)):
        client.cookies.update(held)
        idle = await client.post(f"{API}/refresh", headers={"X-CSRF-TOKEN": held["csrf_token"]})
        assert idle.status_code in (401, 403)
    client.cookies.clear()
    body = {"username": "Vera", "password": PASSWORD}
    assert (await client.post(f"{API}/login", json=body)).status_code == 200
    with time_machine.travel(began + timedelta(days=25)):
        answer = await client.post(f"{API}/refresh", headers=csrf(client))
        assert answer.status_code == 200
        assert answer.json()["session_expires_at"] < (began + timedelta(days=45, minutes=5)).isoformat()
    with time_machine.travel(began + timedelta(days=45, minutes=5)):
        assert (await client.get(f"{API}/me")).status_code == 401


async def test_only_staff_roles_reach_staff_routes(resources: Resources) -> None:
    app = create_app()
    app.state.resources = resources

    @app.get("/api/admin")
    async def admin(actor: AdminActor) -> str:
        return actor.username

    @app.get("/api/moderator")
    async def moderator(actor: ModeratorActor) -> str:
        return actor.username

    @app.get("/api/finance")
    async def finance(actor: FinanceActor) -> str:
        return actor.username

    paths = ("/api/admin", "/api/moderator", "/api/finance")
    opened: dict[str, list[int]] = {}
    for role in Role:
        async with resources.sessions() as session, session.begin():
            user = await make_user(session, role=role)
        async with unit_of_work(resources) as work:
            issued = await authentication.open_session(work, user, Caller())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="https://localhost",
            headers={"Authorization": f"Bearer {issued.access}"},
        ) as staff:
            opened[role] = [(await staff.get(path)).status_code for path in paths]
    assert opened == {
        Role.USER: [403, 403, 403],
        Role.MODERATOR: [403, 200, 403],
        Role.ADMIN: [200, 200, 200],
        Role.FINANCE: [403, 403, 200],
        Role.FINANCE_APPROVER: [403, 403, 200],
    }
