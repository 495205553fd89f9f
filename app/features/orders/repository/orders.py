"""Queries for single orders and a customer's own orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, case, exists, false, func, inspect, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, load_only, undefer
from sqlalchemy.orm.util import identity_key

from app.core.persistence.advisory_locks import lock_names
from app.core.persistence.kept_rows import is_current
from app.models import Invitation, InvitationStatus, Order, OrderAccessGrant, OrderRevision, OrderStatus, User
from app.models.user import UserStatus, shown_name

_CUSTOMER_NAME = shown_name(Order.customer_id)
_READ = "iplance.orders.read"
"""Where a session keeps the orders that it has read."""
_WAS_ADMITTED = exists().where(
    OrderAccessGrant.order_id == Order.id, OrderAccessGrant.user_id == bindparam("reader_id")
)
# Built once: building a statement and its key in the cache of compiled statements takes longer than reading the row.
_FOR_GUEST = select(Order, _CUSTOMER_NAME, false()).where(Order.id == bindparam("order_id"))
_FOR_READER = select(Order, _CUSTOMER_NAME, _WAS_ADMITTED).where(Order.id == bindparam("order_id"))
_ACCESS = (
    select(Order, _WAS_ADMITTED)
    .where(Order.id == bindparam("order_id"))
    .options(
        load_only(
            Order.customer_id,
            Order.visibility,
            Order.status,
            Order.published_at,
            Order.suspended_at,
            Order.taken_down_at,
            Order.share_key,
            raiseload=True,
        )
    )
)
_FOR_READER_LOCKED = _FOR_READER.with_for_update(of=Order).execution_options(populate_existing=True)
_PARTS = frozenset({"description", "status", "version"})
"""Columns that cards and expired orders do not need."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with its customer's name, and whether the reader was admitted to it before."""

    order: Order
    customer: str
    was_admitted: bool


class OrderRepository:
    """Queries for orders."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, order: Order) -> None:
        """Add a new order to the session."""
        self._session.add(order)

    def add_revision(self, revision: OrderRevision) -> None:
        """Add a revision, the content of an order before an edit, to the session."""
        self._session.add(revision)

    async def get(self, order_id: UUID, reader_id: UUID | None = None) -> OrderRow | None:
        """Return one order for a reader; a session reads it once."""
        known: OrderRow | None = self._session.info.get(_READ, {}).get((order_id, reader_id))
        if known is not None and is_current(known.order):
            return known
        return await self._read(_FOR_GUEST if reader_id is None else _FOR_READER, order_id, reader_id)

    async def get_access(self, order_id: UUID, reader_id: UUID) -> tuple[Order, bool] | None:
        """Return an order with only what decides who may do what with it, and whether the reader was admitted."""
        found = await self._session.execute(_ACCESS, {"order_id": order_id, "reader_id": reader_id})
        row = found.one_or_none()
        return (row[0], row[1]) if row else None

    async def get_for_reader_for_update(self, order_id: UUID, reader_id: UUID) -> OrderRow | None:
        """Lock one order as `get_for_update` does and return it for a reader."""
        return await self._read(_FOR_READER_LOCKED, order_id, reader_id)

    async def _read(
        self, statement: Select[Order, str, bool], order_id: UUID, reader_id: UUID | None
    ) -> OrderRow | None:
        values = {"order_id": order_id, "reader_id": reader_id}
        row = (await self._session.execute(statement, values)).one_or_none()
        if row is None:
            return None
        found = OrderRow(row[0], row[1], row[2])
        known: dict[tuple[UUID, UUID | None], OrderRow] = self._session.info.setdefault(_READ, {})
        known[order_id, reader_id] = found
        return found

    async def get_many(self, ids: Iterable[UUID]) -> dict[UUID, Order]:
        """Return orders by their ids; those already loaded in this session are not read again."""
        wanted = set(ids)
        found = {order_id: order for order_id in wanted if (order := self._read_before(order_id))}
        if len(found) < len(wanted):
            statement = select(Order).where(Order.id.in_(wanted - found.keys()))
            found |= {order.id: order for order in (await self._session.execute(statement)).scalars()}
        return found

    def _read_before(self, order_id: UUID) -> Order | None:
        """Return an order that is completely loaded in this session."""
        held = self._session.identity_map.get(identity_key(Order, order_id))
        return held if isinstance(held, Order) and not _PARTS.intersection(inspect(held).unloaded) else None

    async def get_for_update(self, order_id: UUID) -> Order | None:
        """Lock one order until the transaction ends. Callers that also lock proposals lock the order first."""
        statement = (
            select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def admit(self, order_id: UUID, user_id: UUID, *, answered_at: datetime | None = None) -> None:
        """Admit a person to an order permanently; idempotent.

        With `answered_at` their undecided invitation to it is marked as answered by a proposal.
        """
        statement = insert(OrderAccessGrant).values(order_id=order_id, user_id=user_id).on_conflict_do_nothing()
        if answered_at is not None:
            answered = (
                update(Invitation)
                .where(
                    Invitation.order_id == order_id,
                    Invitation.freelancer_id == user_id,
                    Invitation.status == InvitationStatus.SENT,
                )
                .values(status=InvitationStatus.ANSWERED, decided_at=answered_at)
            )
            statement = statement.add_cte(answered.cte("answered"))
        await self._session.execute(statement)
        known: dict[tuple[UUID, UUID | None], OrderRow] = self._session.info.get(_READ, {})
        if row := known.get((order_id, user_id)):
            known[order_id, user_id] = replace(row, was_admitted=True)

    async def get_by_key(self, customer_id: UUID, external_key: str) -> Order | None:
        """Return the order that an earlier import created."""
        statement = select(Order).where(Order.customer_id == customer_id, Order.external_key == external_key)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def mine(self, customer_id: UUID, before: UUID | None, limit: int) -> Sequence[tuple[Order, str]]:
        """Return a customer's own orders, newest first, each with the customer's name."""
        values = {"customer_id": customer_id, "before": before, "row_limit": limit}
        found = await self._session.execute(_mine(continued=before is not None), values)
        return [(row[0], row[1]) for row in found]

    async def revisions(self, order_id: UUID, limit: int, upto: int | None = None) -> Sequence[OrderRevision]:
        """Return the revisions of an order, newest first, from the version `upto` backwards."""
        statement = select(OrderRevision).where(OrderRevision.order_id == order_id)
        if upto is not None:
            statement = statement.where(OrderRevision.version <= upto)
        statement = statement.order_by(OrderRevision.version.desc()).limit(limit)
        return (await self._session.execute(statement)).scalars().all()

    async def stale(self, now: datetime, limit: int) -> Sequence[Order]:
        """Lock orders whose state has timed out; orders locked by another worker are skipped."""
        statement = (
            select(Order)
            .where(Order.expires_at <= now, Order.held_status.is_(None))
            .order_by(Order.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def of_inactive_customers(self, customer_id: UUID | None, limit: int) -> Sequence[Order]:
        """Lock published and waiting orders of people without an active account that are not suspended yet."""
        inactive = select(User.id).where(User.status != UserStatus.ACTIVE)
        if customer_id is not None:
            inactive = inactive.where(User.id == customer_id)
        statement = select(Order).where(
            Order.customer_id.in_(inactive), Order.suspended_at.is_(None), Order.status != OrderStatus.DRAFT
        )
        return await self._locked_batch(statement, limit)

    async def suspended_of(self, customer_id: UUID, limit: int) -> Sequence[Order]:
        """Lock the suspended orders of a customer."""
        statement = select(Order).where(Order.customer_id == customer_id, Order.suspended_at.is_not(None))
        return await self._locked_batch(statement, limit)

    async def _locked_batch(self, statement: Select[Order], limit: int) -> Sequence[Order]:
        statement = statement.order_by(Order.id).limit(limit).with_for_update()
        return (await self._session.execute(statement)).scalars().all()

    async def to_remind(self, now: datetime, limit: int) -> Sequence[Order]:
        """Lock open orders whose customers are due for a reminder; orders locked by another worker are skipped."""
        statement = (
            select(Order)
            .where(Order.remind_at <= now)
            .order_by(Order.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def awaiting_review(self, limit: int) -> Sequence[Order]:
        """Return orders to be moderated: waiting ones first, then those that opened without moderation."""
        waiting = select(Order).where(Order.status == OrderStatus.MODERATION, Order.expires_at.is_not(None))
        marked = select(Order).where(Order.needs_review)
        found: list[Order] = []
        for statement in (waiting.order_by(Order.expires_at), marked.order_by(Order.id)):
            found += (await self._session.execute(statement.limit(limit))).scalars()
        return found[:limit]

    async def acquire_advisory_lock(self, customer_id: UUID) -> None:
        """Serialize publishing per customer so that the daily count is correct; the lock ends with the transaction."""
        await lock_names(self._session, f"orders:{customer_id}")

    async def nth_latest_publication_at(self, customer_id: UUID, times: int, since: datetime) -> datetime | None:
        """Return when the customer's n-th latest order since `since` was published, or None if there are fewer."""
        statement = (
            select(Order.published_at)
            .where(Order.customer_id == customer_id, Order.published_at > since, Order.status != OrderStatus.DRAFT)
            .order_by(Order.published_at.desc())
            .offset(times - 1)
            .limit(1)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def replace_skill(self, old: str, new: str) -> int:
        """Replace one skill with another in all orders, without duplicates, and return the number of changed orders."""
        both = Order.skills.contains([new])
        replaced = func.array_replace(Order.skills, old, new)
        statement = (
            update(Order)
            .where(Order.skills.contains([old]))
            .values(skills=case((both, func.array_remove(Order.skills, old)), else_=replaced))
            .returning(Order.id)
            .execution_options(synchronize_session=False)
        )
        return len((await self._session.execute(statement)).all())


def _as_cards[*Ts](statement: Select[*Ts]) -> Select[*Ts]:
    """Load the excerpt instead of the whole description."""
    return statement.options(undefer(Order.excerpt), defer(Order.description))


@cache
def _mine(*, continued: bool) -> Select[Order, str]:
    """Return the statement of a page of a customer's own orders."""
    statement = select(Order, _CUSTOMER_NAME).where(Order.customer_id == bindparam("customer_id"))
    if continued:
        statement = statement.where(Order.id < bindparam("before"))
    return _as_cards(statement.order_by(Order.id.desc()).limit(bindparam("row_limit", type_=Integer)))
