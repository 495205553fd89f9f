"""Alert e-mails of saved searches: recipients, times, frequency, and no repetition."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
import time_machine
from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ports import Mail
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.matching import service
from app.features.matching.errors import TooManySavedSearchesError
from app.features.matching.schemas import AlertSettingsPatch, SavedSearchCreate, SavedSearchPatch, SavedSearchRead
from app.features.matching.tasks.saved_searches import match_orders, prune, send_due_alerts
from app.features.notifications.tasks import send_mail
from app.features.orders import service as orders
from app.features.orders.schemas import OrderClose, OrderFilter, OrderPatch
from app.features.profiles import service as profiles
from app.gateways.mail import MailUnavailableError, NullMailer
from app.models import AlertEmail, AlertFrequency, Order, Profile, ScheduledAlert, SearchMatch, User
from app.models.notification import Notification
from tests.factories.orders import Market

type Settle = Callable[..., Awaitable[object]]
# A Wednesday, 12:00 in Moscow, later than the current time, which the database uses as the default of some columns.
START = datetime(2093, 11, 25, 9, 0, tzinfo=UTC)
NINE_IN_MOSCOW = datetime(2093, 11, 26, 6, 0, tzinfo=UTC)
MONDAY = datetime(2093, 11, 30, 6, 0, tzinfo=UTC)


class World:
    """People who save searches, and the clock."""

    def __init__(self, market: Market, resources: Resources, settle: Settle, clock: Any) -> None:
        self.market, self.resources, self.settle, self.clock = market, resources, settle, clock

    async def person(self, name: str) -> Actor:
        """Create an account with a confirmed e-mail address."""
        actor = await self.market.person(name)
        async with self.market.uow() as work:
            user = await work.session.get(User, actor.id)
            assert user is not None
            user.email_confirmed_at = utc_now()
        return actor

    async def save(self, actor: Actor, name: str = "Сайты", often: str = "at_once", **wanted: Any) -> SavedSearchRead:
        """Save a search for this person."""
        command = SavedSearchCreate(
            name=name, frequency=AlertFrequency(often), filter=OrderFilter.model_validate(wanted)
        )
        async with self.market.uow() as work:
            saved = service.read_search(await service.save_search(work, actor, command), new_count=0)
        self.clock.shift(1)
        return saved

    async def find(self) -> None:
        """Process all events, but send no alert e-mail yet."""
        await self.settle()
        await match_orders(self.resources)

    async def later(self, moment: datetime | timedelta) -> None:
        """Advance the clock, and send the alert e-mails that are due."""
        self.clock.move_to(moment if isinstance(moment, datetime) else utc_now() + moment)
        await send_due_alerts(self.resources)
        await self.settle()

    async def count(self, model: type[Any]) -> int:
        """Count rows."""
        async with self.resources.sessions() as session:
            return (await session.execute(select(func.count()).select_from(model))).scalar_one()


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def world(clock: Any, market: Market, resources: Resources, settle: Settle) -> AsyncGenerator[World]:
    yield World(market, resources, settle, clock)


async def test_several_orders_of_a_few_minutes_make_one_mail(world: World, mailbox: list[Mail]) -> None:
    anna = await world.person("anna")
    await world.save(anna, "Питон", skills=["python"])
    await world.save(anna, "Магазины", q="магазины")
    first = await world.market.order(title="Интернет-магазин <b>", skills=["python"])
    await world.find()
    await world.later(timedelta(minutes=1))
    assert mailbox == []
    await world.market.order(title="Бот", skills=["python"])
    await world.market.order(title="Логотип", skills=["figma"])
    await world.find()
    await world.later(timedelta(minutes=1))
    (mail,) = mailbox
    assert mail.to == "anna@example.org"
    assert mail.subject == "2 new orders for your searches"
    assert "Search: Питон, Магазины" in mail.text or "Search: Магазины, Питон" in mail.text
    assert f"https://localhost/orders/{first.id}" in mail.text
    assert "Логотип" not in mail.text
    assert "Интернет-магазин &lt;b&gt;" in mail.html
    assert mail.unsubscribe is not None
    assert mail.unsubscribe in mail.text
    assert mail.text.count("/unsubscribe/") == 3
    await world.later(timedelta(days=30))
    assert len(mailbox) == 1


async def test_matches_of_a_search_without_alerts_need_no_announcement(world: World, mailbox: list[Mail]) -> None:
    anna = await world.person("anna")
    await world.save(anna, often="off", q="магазин")
    await world.market.order(title="Магазин")
    await world.find()
    async with world.resources.sessions() as session:
        ((owner_id, announced_at, alert_email_id),) = await session.execute(
            select(SearchMatch.owner_id, SearchMatch.announced_at, SearchMatch.alert_email_id)
        )
    assert (owner_id, announced_at is not None, alert_email_id) == (anna.id, True, None)
    assert mailbox == []


async def test_at_once_has_a_pause_between(world: World, mailbox: list[Mail]) -> None:
    await world.save(await world.person("anna"), q="магазин")
    for number in range(3):
        await world.market.order(title=f"Магазин {number}")
        await world.find()
        await world.later(timedelta(minutes=5))
    assert len(mailbox) == 1
    await world.later(timedelta(minutes=5))
    assert [mail.subject for mail in mailbox] == ["New order: Магазин 0", "2 new orders for your searches"]


async def test_a_digest_comes_at_the_persons_own_hour(world: World, mailbox: list[Mail]) -> None:
    anna, boris = await world.person("anna"), await world.person("boris")
    await world.save(anna, often="daily", q="магазин")
    await world.save(boris, often="daily", q="магазин")
    async with world.market.uow() as work:
        await service.change_settings(work, boris, AlertSettingsPatch(time_zone="Asia/Vladivostok", digest_hour=8))
    await world.market.order(title="Магазин")
    await world.find()
    await world.later(datetime(2093, 11, 25, 21, 59, tzinfo=UTC))
    assert mailbox == []
    await world.later(datetime(2093, 11, 25, 22, 0, tzinfo=UTC))
    assert [mail.to for mail in mailbox] == ["boris@example.org"]
    await world.later(NINE_IN_MOSCOW)
    assert [mail.to for mail in mailbox] == ["boris@example.org", "anna@example.org"]


async def test_one_mail_a_day_and_one_a_week(world: World, mailbox: list[Mail]) -> None:
    anna = await world.person("anna")
    await world.save(anna, often="weekly", q="магазин")
    await world.save(anna, "Логотипы", often="daily", q="логотип")
    for title in ("Магазин", "Логотип"):
        await world.market.order(title=title)
    await world.find()
    await world.later(NINE_IN_MOSCOW)
    assert ["Логотип" in mail.subject for mail in mailbox] == [True]
    async with world.market.uow() as work:
        await service.change_settings(work, anna, AlertSettingsPatch(digest_hour=18))
    await world.market.order(title="Логотип кафе")
    await world.find()
    await world.later(NINE_IN_MOSCOW + timedelta(hours=12))
    assert len(mailbox) == 1
    await world.later(NINE_IN_MOSCOW + timedelta(days=1, hours=9))
    assert len(mailbox) == 2
    await world.later(MONDAY)
    assert len(mailbox) == 2
    await world.later(MONDAY + timedelta(hours=9))
    assert [mail.subject for mail in mailbox][2:] == ["New order: Магазин"]
    await world.market.order(title="Магазин снова")
    await world.find()
    await world.later(MONDAY + timedelta(days=6))
    assert len(mailbox) == 3


async def test_what_nobody_is_told(world: World, mailbox: list[Mail]) -> None:
    anna = await world.person("anna")
    early = await world.market.order(title="Магазин до поиска")
    world.clock.shift(1)
    await world.save(anna, q="магазин")
    await world.save(anna, "Молча", often="off", skills=["figma"])
    own = await world.market.order(anna, title="Свой магазин")
    closed = await world.market.order(title="Магазин закрытый")
    await world.market.order(title="Логотип", skills=["figma"])
    await world.market.draft(anna, title="Магазин черновик")
    await world.find()
    async with world.market.uow() as work:
        customer = Actor(id=closed.customer_id, username="x")
        await orders.close_order(work, customer, closed.id, OrderClose())
    for order in (early, own):
        async with world.market.uow() as work:
            customer = Actor(id=order.customer_id, username="x")
            await orders.edit_order(work, customer, order.id, OrderPatch(description="Подробнее."))
    await world.find()
    await world.later(timedelta(days=1))
    assert mailbox == []
    assert await world.count(Notification) == 0
    assert await world.count(AlertEmail) == 0


async def test_hidden_customers_stay_hidden(world: World, mailbox: list[Mail]) -> None:
    anna, rude, late = await world.person("anna"), await world.person("rude"), await world.person("late")
    await world.save(anna, q="магазин")
    async with world.market.uow() as work:
        await profiles.hide_customer(work, anna, "rude")
    for customer in (rude, late):
        await world.market.order(customer, title="Магазин")
    await world.find()
    assert await world.count(SearchMatch) == 1
    async with world.market.uow() as work:
        await profiles.hide_customer(work, anna, "late")
    await world.later(timedelta(days=1))
    assert mailbox == []


async def test_digests_begin_in_the_time_zone_of_the_profile(world: World) -> None:
    anna = await world.person("anna")
    async with world.market.uow() as work:
        work.session.add(Profile(user_id=anna.id, time_zone="Asia/Omsk"))
    for _time in ("before", "after"):
        async with world.market.uow() as work:
            assert (await service.read_settings(work.session, anna)).time_zone == "Asia/Omsk"
        await world.save(anna, _time, q=_time)


async def test_an_edit_that_makes_an_order_fit_is_told_and_no_other(world: World, mailbox: list[Mail]) -> None:
    anna = await world.person("anna")
    await world.save(anna, q="магазин")
    await world.save(anna, "Боты", q="бот")
    order = await world.market.order(title="Бот")
    await world.find()
    await world.later(timedelta(minutes=3))
    for title in ("Бот для магазина", "Бот для магазинов"):
        async with world.market.uow() as work:
            await orders.edit_order(work, Actor(id=order.customer_id, username="x"), order.id, OrderPatch(title=title))
        await world.find()
        await world.later(timedelta(hours=1))
    assert [mail.subject for mail in mailbox] == ["New order: Бот"]
    other = await world.market.order(title="Нечто")
    await world.find()
    async with world.market.uow() as work:
        await orders.edit_order(work, Actor(id=other.customer_id, username="x"), other.id, OrderPatch(title="Магазин"))
    await world.find()
    await world.later(timedelta(hours=1))
    assert [mail.subject for mail in mailbox] == ["New order: Бот", "New order: Магазин"]


async def test_changes_move_what_waits(world: World, mailbox: list[Mail]) -> None:
    anna = await world.person("anna")
    shops = await world.save(anna, often="weekly", q="магазин")
    logos = await world.save(anna, "Логотипы", often="daily", q="логотип")
    await world.market.order(title="Магазин")
    await world.market.order(title="Логотип")
    await world.find()
    async with world.market.uow() as work:
        await service.change_search(work, anna, shops.id, SavedSearchPatch(frequency=AlertFrequency.AT_ONCE))
        await service.change_search(work, anna, logos.id, SavedSearchPatch(frequency=AlertFrequency.OFF))
    await world.later(timedelta(minutes=3))
    assert [mail.subject for mail in mailbox] == ["New order: Магазин"]
    async with world.market.uow() as work:
        await service.change_search(work, anna, logos.id, SavedSearchPatch(frequency=AlertFrequency.AT_ONCE))
        await service.remove_search(work, anna, shops.id)
    await world.later(timedelta(days=8))
    assert len(mailbox) == 1
    assert await world.count(ScheduledAlert) == 0


async def test_an_order_closed_before_its_mail_left_is_not_in_it(world: World, mailbox: list[Mail]) -> None:
    await world.save(await world.person("anna"), q="магазин")
    order = await world.market.order(title="Магазин")
    await world.find()
    cast("NullMailer", world.resources.mailer).trouble.append(MailUnavailableError("421"))
    await world.later(timedelta(minutes=3))
    async with world.market.uow() as work:
        await orders.close_order(work, Actor(id=order.customer_id, username="x"), order.id, OrderClose())
    world.clock.shift(3600)
    await send_mail(world.resources)
    assert mailbox == []


async def test_a_mail_server_that_is_away_costs_time_alone(world: World, mailbox: list[Mail]) -> None:
    await world.save(await world.person("anna"), q="магазин")
    await world.market.order(title="Магазин")
    await world.find()
    mailer = cast("NullMailer", world.resources.mailer)
    mailer.trouble += [MailUnavailableError("timeout")] * 5
    await world.later(timedelta(minutes=3))
    for _try in range(8):
        await world.later(timedelta(minutes=30))
    (mail,) = mailbox
    assert mail.subject == "New order: Магазин"
    assert mail.key.split(".")[1] == "orders-found"


async def test_a_long_letter_counts_what_it_does_not_name(world: World, mailbox: list[Mail]) -> None:
    await world.save(await world.person("anna"), often="daily", q="магазин")
    for number in range(23):
        await world.market.order(title=f"Магазин {number}")
    await world.find()
    await world.later(NINE_IN_MOSCOW)
    (mail,) = mailbox
    assert "And 3 more." in mail.text
    assert mail.text.count("/orders/") == 20


async def test_a_notice_stands_on_the_site(world: World, client: httpx.AsyncClient) -> None:
    anna = await world.market.person("anna")
    await world.save(anna, q="магазин")
    for title in ("Магазин", "Магазин два"):
        await world.market.order(title=title)
    await world.find()
    await world.later(timedelta(minutes=3))
    await world.market.sign_in(client, anna)
    (notice,) = (await client.get("/api/v1/notifications")).json()["items"]
    assert notice["text"] == "New orders for your saved searches: 2."
    assert notice["href"] == "/my/searches"


async def test_what_is_old_is_forgotten(world: World) -> None:
    await world.save(await world.person("anna"), q="магазин")
    await world.market.order(title="Магазин")
    await world.find()
    await world.later(timedelta(minutes=3))
    world.clock.shift(timedelta(days=100))
    await prune(world.resources)
    assert (await world.count(SearchMatch), await world.count(AlertEmail)) == (0, 0)


async def test_a_batch_goes_on_where_the_one_before_ended(
    world: World, mailbox: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.features.matching.service.order_matching.BATCH", 2)
    for number in range(5):
        await world.save(await world.person(f"person_{number}"), q="магазин")
    await world.market.order(title="Магазин")
    await world.settle()
    async with world.market.uow() as work:
        assert await service.match_batch(work)
    assert await world.count(SearchMatch) == 2
    await match_orders(world.resources)
    await world.later(timedelta(minutes=3))
    assert len({mail.to for mail in mailbox}) == len(mailbox) == 5


async def scheduled(resources: Resources, market: Market) -> tuple[list[Actor], Order]:
    """Ten people whose searches match one order, with real commits."""
    people = [await market.person() for _ in range(10)]
    for actor in people:
        command = SavedSearchCreate(name="Сайты", frequency=AlertFrequency.AT_ONCE, filter=OrderFilter(q="магазин"))
        async with unit_of_work(resources) as work:
            await service.save_search(work, actor, command)
    order = await market.order(title="Магазин")
    async with unit_of_work(resources) as work:
        await service.enqueue_order(work, order.id)
    return people, order


async def test_four_schedulers_at_once_tell_each_person_once(live_market: Market, live_resources: Resources) -> None:
    people, order = await scheduled(live_resources, live_market)
    await asyncio.gather(*(match_orders(live_resources) for _ in range(4)))
    with time_machine.travel(utc_now() + timedelta(hours=1)):
        await asyncio.gather(*(send_due_alerts(live_resources) for _ in range(4)))
        async with unit_of_work(live_resources) as work:
            await service.enqueue_order(work, order.id)
        await asyncio.gather(*(match_orders(live_resources) for _ in range(4)))
        await asyncio.gather(*(send_due_alerts(live_resources) for _ in range(4)))
    async with live_resources.sessions() as session:
        told = (await session.execute(select(AlertEmail.owner_id))).scalars().all()
        left = (await session.execute(select(func.count()).select_from(ScheduledAlert))).scalar_one()
    assert sorted(told) == sorted(actor.id for actor in people)
    assert left == 0


async def test_eight_at_once_do_not_pass_the_limit(live_market: Market, live_resources: Resources) -> None:
    live_resources.settings = live_resources.settings.model_copy(update={"saved_searches_per_account": 3})
    actor = await live_market.person()

    async def save(number: int) -> bool:
        try:
            async with unit_of_work(live_resources) as work:
                command = SavedSearchCreate(name="Сайты", filter=OrderFilter(q=f"слово{number}"))
                await service.save_search(work, actor, command)
        except TooManySavedSearchesError:
            return False
        return True

    assert sum(await asyncio.gather(*(save(number) for number in range(8)))) == 3


async def test_changes_beside_finding_and_telling_lose_nothing(live_market: Market, live_resources: Resources) -> None:
    people, _order = await scheduled(live_resources, live_market)

    async def change(actor: Actor) -> None:
        async with unit_of_work(live_resources) as work:
            (mine,) = (await service.list_searches(work.session, live_resources, actor)).items
        for often in (AlertFrequency.DAILY, AlertFrequency.WEEKLY, AlertFrequency.AT_ONCE):
            async with unit_of_work(live_resources) as work:
                await service.change_search(work, actor, mine.id, SavedSearchPatch(frequency=often))

    with time_machine.travel(utc_now() + timedelta(hours=1)):
        await asyncio.gather(
            match_orders(live_resources),
            send_due_alerts(live_resources),
            send_due_alerts(live_resources),
            *(change(actor) for actor in people),
        )
    with time_machine.travel(utc_now() + timedelta(days=10)):
        await send_due_alerts(live_resources)
    async with live_resources.sessions() as session:
        told = (
            await session.execute(select(SearchMatch.owner_id).where(SearchMatch.alert_email_id.is_not(None)))
        ).scalars()
        assert sorted(told) == sorted(actor.id for actor in people)
