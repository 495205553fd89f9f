"""Every query about accounts and about the proofs of their contacts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import constraint_of
from app.core.errors import DomainError
from app.features.identity.errors import EmailTakenError, PhoneTakenError, TakenError, UsernameTakenError
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.user import User

# Which uniqueness means what; the name comes from the driver's error field.
TAKEN: dict[str, type[TakenError]] = {
    "uq_users_username_key": UsernameTakenError,
    "uq_users_email_key": EmailTakenError,
    "uq_users_phone": PhoneTakenError,
}


_NAMES = "iplance.names"


class UserRepository:
    """Accounts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user: User) -> None:
        """Insert an account.

        Raises:
            UsernameTakenError, EmailTakenError, PhoneTakenError: The database has one like it; every field that is
                taken is named, also the others than the one the database met first.
        """
        try:
            async with self._session.begin_nested():
                self._session.add(user)
                await self.flush_or_raise_taken()
        except DomainError:
            taken = await self._taken(user)
            if taken:
                raise taken[0]([error for kind in taken for error in kind().errors]) from None
            raise

    async def flush_or_raise_taken(self) -> None:
        """Write what is pending and name the field that is taken.

        Raises:
            UsernameTakenError, EmailTakenError, PhoneTakenError: The database has one like it.
        """
        try:
            await self._session.flush()
        except IntegrityError as refused:
            taken = TAKEN.get(constraint_of(refused))
            if taken is None:
                raise
            raise taken from refused

    async def get(self, user_id: UUID) -> User | None:
        """Return an account."""
        return await self._session.get(User, user_id)

    async def lock(self, user_id: UUID) -> User | None:
        """Return an account that nobody else changes until this transaction ends."""
        statement = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def names(self, user_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return the names of people, their user names where they chose no other; one session reads a name once."""
        known: dict[UUID, str] = self._session.info.setdefault(_NAMES, {})
        unknown = [user_id for user_id in user_ids if user_id not in known]
        if unknown:
            statement = select(User.id, User.display_name, User.username).where(User.id.in_(unknown))
            rows = await self._session.execute(statement)
            known.update((row.id, row.display_name or row.username) for row in rows)
        return {user_id: known[user_id] for user_id in user_ids if user_id in known}

    def remember_names(self, names: Iterable[tuple[UUID, str]]) -> None:
        """Keep names that came with another statement for the rest of the session."""
        self._session.info.setdefault(_NAMES, {}).update(names)

    async def is_taken(self, *, email_key: str | None = None, phone: str | None = None) -> bool:
        """Tell whether another account has this address or number."""
        condition = User.email_key == email_key if email_key is not None else User.phone == phone
        return (await self._session.execute(select(User.id).where(condition))).scalar_one_or_none() is not None

    async def _taken(self, user: User) -> list[type[TakenError]]:
        fields = (
            (User.username_key, user.username_key, UsernameTakenError),
            (User.email_key, user.email_key, EmailTakenError),
            (User.phone, user.phone, PhoneTakenError),
        )
        found: list[type[TakenError]] = []
        for column, value, error in fields:
            if value is None:
                continue
            if (await self._session.execute(select(User.id).where(column == value))).scalar_one_or_none() is not None:
                found.append(error)
        return found


class ChallengeRepository:
    """Links and codes that prove a contact."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def close(self, user_id: UUID, purpose: ChallengePurpose, now: datetime) -> None:
        """Let no older link or code of this purpose work any more."""
        statement = (
            update(AuthChallenge)
            .where(
                AuthChallenge.user_id == user_id, AuthChallenge.purpose == purpose, AuthChallenge.closed_at.is_(None)
            )
            .values(closed_at=now)
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(statement)

    async def get(self, challenge_id: UUID) -> AuthChallenge | None:
        """Return a challenge."""
        return await self._session.get(AuthChallenge, challenge_id)

    async def lock(self, challenge_id: UUID) -> AuthChallenge | None:
        """Return a challenge that nobody else answers until this transaction ends."""
        statement = select(AuthChallenge).where(AuthChallenge.id == challenge_id).with_for_update()
        return (await self._session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()

    async def lock_open(self, user_id: UUID, purposes: Sequence[ChallengePurpose]) -> AuthChallenge | None:
        """Return the newest open challenge of one of these purposes, held until this transaction ends."""
        statement = (
            select(AuthChallenge)
            .where(
                AuthChallenge.user_id == user_id,
                AuthChallenge.purpose.in_(purposes),
                AuthChallenge.closed_at.is_(None),
            )
            .order_by(AuthChallenge.id.desc())
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def open(self, user_id: UUID, now: datetime) -> Sequence[AuthChallenge]:
        """Return the proofs an account is asked for right now."""
        statement = select(AuthChallenge).where(
            AuthChallenge.user_id == user_id, AuthChallenge.closed_at.is_(None), AuthChallenge.expires_at > now
        )
        return (await self._session.execute(statement)).scalars().all()

    async def prune(self, before: datetime) -> int:
        """Delete challenges that expired before then, and return how many rows went."""
        statement = delete(AuthChallenge).where(AuthChallenge.expires_at < before).returning(AuthChallenge.id)
        return len((await self._session.execute(statement.execution_options(synchronize_session=False))).all())
