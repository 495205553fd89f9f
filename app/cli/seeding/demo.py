"""Demonstration data: people with a known password, photos, portfolios and orders, all created by the use cases."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, MoneyInput
from app.core.resources import Resources
from app.core.security.passwords import password_hasher
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.chat import service as chat
from app.features.chat.schemas import MessageWrite
from app.features.contracts import service as contracts
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.features.orders.schemas import OrderClose, OrderCreate
from app.features.profiles import service as profiles
from app.features.profiles.schemas import PortfolioFields, ProfilePatch
from app.features.proposals import service as proposals
from app.features.proposals.schemas import OfferCreate, ProposalCreate
from app.gateways.upload_spool import spool_of
from app.local.demo_accounts import DATA, PASSWORD
from app.models import BudgetKind, CloseReason, Order, Proposal, SubjectKind, User

FILES = DATA.parent / "demo"
MINOR = 100
MEMBER_FOR = timedelta(days=90)
"""Age of the demonstration accounts; new accounts have lower limits."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DemoWork(_Strict):
    """A portfolio item; `pictures` are files beside the data."""

    title: str
    description: str
    year: int
    skills: list[str]
    pictures: list[str]


class DemoPerson(_Strict):
    """A demonstration account; `photo` is a file beside the data."""

    username: str
    name: str
    locale: str
    photo: str | None = None
    portfolio: list[DemoWork] = []
    profile: ProfilePatch | None = None


class DemoProposal(_Strict):
    """A proposal for a demonstration order; the first one is chosen where the order is awarded."""

    by: str
    price: int
    days: int
    letter: str
    offered: int | None = None
    """Price of the customer's offer to this freelancer."""
    talk: list[str] = []
    """Messages of the two, the customer first, then in turn."""


class DemoOrder(_Strict):
    """A demonstration order; amounts in whole units."""

    by: str
    hours_ago: float
    title: str
    description: str
    category: str
    skills: list[str]
    kind: BudgetKind = BudgetKind.FIXED
    amount: int | None = None
    max: int | None = None
    currency: Currency = Currency.RUB
    deadline_days: int | None = None
    files: list[list[str]] = []
    """Attached files, each with all its versions, the oldest first."""
    state: str = "open"
    proposals: list[DemoProposal] = []


class DemoWorld(_Strict):
    """The whole data file."""

    people: list[DemoPerson]
    orders: list[DemoOrder]


def read_world() -> DemoWorld:
    """Read the data file."""
    return DemoWorld.model_validate_json(DATA.read_bytes())


async def load_demo(resources: Resources, operator: Actor, *, reason: str = "") -> int:
    """Create the demonstration data, all of it or nothing; where it exists, nothing changes."""
    world = read_world()
    async with resources.read_sessions() as session:
        if await identity.find_actor(session, world.people[0].username):
            return 0
    hashed = await password_hasher(resources.settings.bcrypt_rounds).hash(PASSWORD)
    async with unit_of_work(resources) as uow:
        actors = {person.username: _person(uow, person, hashed) for person in world.people}
        await uow.session.flush()
        for person in world.people:
            if person.profile:
                await profiles.edit_profile(uow, actors[person.username], person.profile)
            await _pictures(uow, actors[person.username], person)
        for order in sorted(world.orders, key=lambda item: -item.hours_ago):
            await _order(uow, actors, order)
        new = {"people": len(world.people), "orders": len(world.orders)}
        record_audit(uow.session, operator, "demonstration.load", "demonstration", new=new, reason=reason)
    return len(world.people) + len(world.orders)


def _person(uow: UnitOfWork, person: DemoPerson, hashed: str) -> Actor:
    email = f"{person.username}@example.org"
    user = User(
        id=new_id(),
        username=person.username,
        username_key=person.username.casefold(),
        email=email,
        email_key=email,
        email_confirmed_at=utc_now() - MEMBER_FOR,
        created_at=utc_now() - MEMBER_FOR,
        password_hash=hashed,
        display_name=person.name,
        locale=person.locale,
    )
    uow.session.add(user)
    return Actor(id=user.id, username=user.username, locale=user.locale)


async def _pictures(uow: UnitOfWork, actor: Actor, person: DemoPerson) -> None:
    """Add a photo and portfolio items to an account."""
    if person.photo:
        await profiles.put_photo(uow, actor, await _file(uow, actor, SubjectKind.AVATAR, person.photo))
    for work in person.portfolio:
        shown = [await _file(uow, actor, SubjectKind.PORTFOLIO, name) for name in work.pictures]
        fields = work.model_dump(exclude={"pictures"})
        await profiles.add_item(uow, actor, PortfolioFields(**fields, files=shown))


async def _file(uow: UnitOfWork, actor: Actor, kind: SubjectKind, name: str, replaces: UUID | None = None) -> UUID:
    """Upload a file of the demonstration data; a worker checks it like any other."""
    path = FILES / name
    reserved = await files.reserve_upload(uow, actor, kind, name, path.stat().st_size, replaces)
    file_id = reserved.file.id
    spool = spool_of(uow.resources.settings)
    with path.open("rb") as handle:
        await asyncio.to_thread(spool.keep, file_id, handle)
    try:
        digest = await files.store_bytes(uow.resources, file_id, reserved.key)
        await files.complete_uploads(uow, {file_id: (reserved.key, digest)})
    finally:
        await asyncio.to_thread(spool.drop, file_id)
    return file_id


async def _attach(uow: UnitOfWork, actor: Actor, order: Order, versions: list[list[str]]) -> None:
    """Attach files to an order, one version after the other."""
    subject = Subject(SubjectKind.ORDER, order.id)
    current: list[UUID | None] = [None] * len(versions)
    for step in range(max(map(len, versions), default=0)):
        for place, names in enumerate(versions):
            if step < len(names):
                current[place] = await _file(uow, actor, SubjectKind.ORDER, names[step], current[place])
        await files.attach(uow, actor, subject, [file_id for file_id in current if file_id])


async def _order(uow: UnitOfWork, actors: dict[str, Actor], given: DemoOrder) -> None:
    customer, now = actors[given.by], utc_now()
    posted = now - timedelta(hours=given.hours_ago)

    def money(amount: int | None) -> MoneyInput | None:
        return None if amount is None else MoneyInput(amount=amount * MINOR, currency=given.currency)

    content: dict[str, Any] = given.model_dump(include={"title", "description", "category", "skills"})
    deadline = (now + timedelta(days=given.deadline_days)).date() if given.deadline_days else None
    command = OrderCreate(
        **content, budget_kind=given.kind, budget=money(given.amount), budget_max=money(given.max), deadline=deadline
    )
    order = await orders.create_order(uow, customer, command)
    await _attach(uow, customer, order, given.files)
    if given.state == "draft":
        _date_back(order, posted - now)
        return
    await orders.publish_order(uow, customer, order.id, counted=False)
    sent = []
    for number, answer in enumerate(given.proposals, start=1):
        proposal = await proposals.send_proposal(
            uow,
            actors[answer.by],
            order.id,
            ProposalCreate(
                price=MoneyInput(amount=answer.price * MINOR, currency=order.currency),
                term_days=answer.days,
                letter=answer.letter,
            ),
        )
        proposal.created_at = proposal.updated_at = posted + timedelta(hours=given.hours_ago * number / 8)
        sent.append(proposal)
        if answer.offered:
            terms = OfferCreate(
                price=MoneyInput(amount=answer.offered * MINOR, currency=order.currency), term_days=answer.days
            )
            await proposals.make_offer(uow, customer, proposal.id, terms)
        await _write_messages(uow, (customer, actors[answer.by]), proposal, answer.talk)
    if given.state == "awarded":
        await contracts.accept_proposal(uow, customer, sent[0].id)
    elif given.state == "closed":
        await orders.close_order(uow, customer, order.id, OrderClose(reason=CloseReason.NOT_NEEDED))
    await uow.session.flush()
    _date_back(order, posted - now)


async def _write_messages(uow: UnitOfWork, sides: tuple[Actor, Actor], proposal: Proposal, texts: list[str]) -> None:
    """Write messages of both sides of a proposal in turn, between the proposal and now."""
    begun = proposal.created_at
    for number, text in enumerate(texts, start=1):
        sent = await chat.write_about(uow, sides[(number - 1) % 2], proposal.id, MessageWrite(text=text))
        sent.message.created_at = begun + (utc_now() - begun) * number / (len(texts) + 1)
        sent.conversation.moved_at = sent.message.created_at


def _date_back(order: Order, distance: timedelta) -> None:
    """Set the times of an order to its given age, so that the list does not show everything as new."""
    for name in ("created_at", "updated_at", "published_at"):
        moment = getattr(order, name)
        setattr(order, name, moment + distance if moment else None)
    order.expires_at = order.expires_at + distance if order.expires_at else None
