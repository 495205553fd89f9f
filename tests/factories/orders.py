"""People, orders and proposals for tests, created through the use cases."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, MoneyInput
from app.core.security.cookies import CSRF_COOKIE, cookie_names
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import service as authentication
from app.features.catalog import service as catalog
from app.features.catalog.schemas import CatalogData
from app.features.orders import service as orders
from app.features.orders.schemas import OrderCreate
from app.features.proposals import service as proposals
from app.features.proposals.schemas import OfferCreate, ProposalCreate
from app.models import Offer, Order, Proposal, User
from tests.factories.commands import OPERATOR
from tests.factories.users import PASSWORD, hashed

type OpenUow = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
CATALOGUE = Path(__file__).resolve().parents[2] / "app" / "data" / "catalog.json"
DESCRIPTION = "Сделать каталог, корзину и оплату; макеты готовы, тексты пришлём."


@lru_cache
def catalog_data() -> CatalogData:
    """Return the catalogue of the application."""
    return CatalogData.model_validate_json(CATALOGUE.read_bytes())


def rub(amount: int) -> MoneyInput:
    """Return an amount of whole roubles."""
    return MoneyInput(amount=amount * 100, currency=Currency.RUB)


class Market:
    """Builds what a test needs, one call each; every call is its own unit of work."""

    def __init__(self, uow: OpenUow) -> None:
        self.uow = uow

    async def catalogue(self) -> None:
        """Load the catalogue of the application."""
        async with self.uow() as work:
            await catalog.load_catalogue(work, OPERATOR, catalog_data())

    async def person(self, username: str = "", *, with_password: bool = False, confirmed: bool = True) -> Actor:
        """Create an account; few use cases need its password, and hashing is slow. It has a confirmed phone number."""
        key = new_id()
        name = username or f"person{key.hex[-10:]}"
        async with self.uow() as work:
            person = User(
                id=key,
                username=name,
                username_key=name.casefold(),
                email=f"{name}@example.org",
                email_key=f"{name}@example.org".casefold(),
                phone=f"+7{key.int % 10**10:010}",
                phone_confirmed_at=utc_now() if confirmed else None,
                locale="en",
                password_hash=hashed(PASSWORD) if with_password else "-",
            )
            work.session.add(person)
        return Actor(id=key, username=name)

    async def sign_in(self, client: httpx.AsyncClient, actor: Actor) -> httpx.AsyncClient:
        """Give a client a session of this person, as a browser has it."""
        async with self.uow() as work:
            user = await work.session.get(User, actor.id)
            assert user is not None
            issued = await authentication.open_session(work, user, authentication.Caller())
            names = cookie_names(work.resources.settings)
        client.cookies.set(names.access, issued.access)
        client.cookies.set(CSRF_COOKIE, issued.csrf)
        client.headers["X-CSRF-TOKEN"] = issued.csrf
        return client

    async def draft(self, customer: Actor, **fields: Any) -> Order:
        """Create a draft that can be published."""
        content: dict[str, Any] = {
            "title": "Интернет-магазин для пекарни",
            "description": DESCRIPTION,
            "budget": rub(80_000),
        } | fields
        async with self.uow() as work:
            return await orders.create_order(work, customer, OrderCreate(**content))

    async def order(self, customer: Actor | None = None, **fields: Any) -> Order:
        """Create an open order."""
        customer = customer or await self.person()
        draft = await self.draft(customer, **fields)
        async with self.uow() as work:
            return await orders.publish_order(work, customer, draft.id)

    async def proposal(self, order: Order, freelancer: Actor | None = None, **fields: Any) -> Proposal:
        """Send a proposal for an open order."""
        freelancer = freelancer or await self.person()
        money = MoneyInput(amount=7_000_000, currency=order.currency)
        content: dict[str, Any] = {
            "price": money,
            "term_days": 14,
            "letter": f"Сделаю за две недели. {new_id().hex}",
        } | fields
        async with self.uow() as work:
            return await proposals.send_proposal(work, freelancer, order.id, ProposalCreate(**content))

    async def offer(self, customer: Actor, proposal_id: UUID, **fields: Any) -> Offer:
        """Let the customer make an offer for a proposal."""
        content: dict[str, Any] = {"price": rub(60_000), "term_days": 10} | fields
        async with self.uow() as work:
            return await proposals.make_offer(work, customer, proposal_id, OfferCreate(**content))
