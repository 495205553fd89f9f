"""Keys of requests that move money: a request that is sent again under its key gets the answer of the first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, milliseconds
from app.core.errors import ConflictError, InvalidError
from app.core.i18n import N_

KEEP_REQUEST_KEYS = timedelta(days=30)
WAIT_SECONDS = 2.0
"""For how long a request waits for its twin, and for every other lock in its transaction."""
LOCK_NOT_AVAILABLE = "55P03"


class RequestKeyMissingError(InvalidError):
    """A request that moves money has no key."""

    code = "request-key-missing"
    title = N_("This request needs a key of its own")
    detail = N_(
        "Send the header Idempotency-Key with up to 64 visible ASCII characters, new for each request and the same "
        "when a request is repeated. On a page, open the form again and send it."
    )


class RequestKeyReusedError(InvalidError):
    """The key belongs to another request."""

    code = "request-key-reused"
    title = N_("This key belongs to another request")
    detail = N_("Send each new request with a new Idempotency-Key; repeat a key only with the very same request.")


class RequestKeyBusyError(ConflictError):
    """The first request with this key is still being worked on."""

    code = "request-key-busy"
    title = N_("The same request is still being worked on")
    detail = N_("Send it again with the same key in a moment: it then gets the answer of the first one.")


class RequestKey(Base):
    """A request and its answer; it commits together with what the request did."""

    __tablename__ = "request_keys"
    __table_args__ = (Index("ix_request_keys_created_at", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str]
    """Method and pattern of the address, for the operator."""
    digest: Mapped[bytes]
    """Of the method, the address and the body."""
    status: Mapped[int | None]
    """Null only while the request is being worked on."""
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer of the first request with a key."""

    status: int
    body: bytes


class RequestKeyRepository:
    """The keys of requests."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(self, user_id: UUID, key: str, route: str, digest: bytes) -> StoredAnswer | None:
        """Take a key for the request that is being worked on; return the answer of an earlier one.

        A twin that is still being worked on is waited for. The transaction waits for no lock longer than that.

        Raises:
            RequestKeyReusedError: The key belongs to another request.
            RequestKeyBusyError: The twin takes too long.
        """
        limited = func.set_config("lock_timeout", milliseconds(WAIT_SECONDS), literal(value=True)).table_valued("value")
        given = select(literal(user_id), literal(key), literal(route), literal(digest)).select_from(limited)
        claimed = (
            insert(RequestKey)
            .from_select(["user_id", "key", "route", "digest"], given)
            .on_conflict_do_nothing()
            .returning(RequestKey.key)
        )
        try:
            if (await self._session.execute(claimed)).one_or_none() is not None:
                return None
        except DBAPIError as waited:
            if getattr(waited.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise RequestKeyBusyError(retry_after=1) from waited
            raise
        known = await self._session.get_one(RequestKey, (user_id, key))
        if known.digest != digest:
            raise RequestKeyReusedError
        return None if known.status is None else StoredAnswer(known.status, known.body or b"")

    async def keep(self, user_id: UUID, key: str, answer: StoredAnswer) -> None:
        """Store the answer of a request."""
        await self._session.execute(
            update(RequestKey)
            .where(RequestKey.user_id == user_id, RequestKey.key == key)
            .values(status=answer.status, body=answer.body)
        )

    async def release(self, user_id: UUID, key: str) -> None:
        """Forget a request that was refused although some of its changes are committed."""
        await self._session.execute(delete(RequestKey).where(RequestKey.user_id == user_id, RequestKey.key == key))

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete the oldest keys taken before a time; return how many."""
        place = (RequestKey.user_id, RequestKey.key)
        old = select(*place).where(RequestKey.created_at < before).order_by(RequestKey.created_at).limit(limit)
        gone = await self._session.execute(delete(RequestKey).where(tuple_(*place).in_(old)).returning(RequestKey.key))
        return len(gone.all())
