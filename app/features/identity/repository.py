"""Queries for accounts and for the challenges that verify their contacts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Update, and_, delete, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.account_names import fold, look_alike_key, public_name
from app.core.database import constraint_of
from app.core.errors import DomainError
from app.core.persistence.advisory_locks import lock_names
from app.features.identity.errors import EmailTakenError, PhoneTakenError, TakenError, UsernameTakenError
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.user import LOOK_ALIKE_USERNAME, Role, User, UserStatus

# Unique constraints and their errors; the driver names the violated constraint.
TAKEN: dict[str, type[TakenError]] = {
    "uq_users_username_key": UsernameTakenError,
    "uq_users_email_key": EmailTakenError,
    "uq_users_phone": PhoneTakenError,
}


_NAMES = "iplance.names"


@dataclass(frozen=True, slots=True)
class Released:
    """An account that has lost an unconfirmed contact, and whether it has another one."""

    user_id: UUID
    has_contact: bool


class UserRepository:
    """Queries for accounts; `phones` tells whether phone numbers can be confirmed here."""

    def __init__(self, session: AsyncSession, *, phones: bool = True) -> None:
        self._session = session
        self._phones = phones

    async def add(self, user: User) -> Sequence[Released]:
        """Insert an account; return the accounts whose unconfirmed contacts it has taken.

        Raises:
            UsernameTakenError, EmailTakenError, PhoneTakenError: Another account has the value. All conflicting fields
                are listed, not only the one that PostgreSQL reported.
        """
        await self._lock_identifiers(user)
        if await self.resembles_username([user.username]):
            taken = await self._taken(user)
            raise taken[0]([error for kind in taken for error in kind().errors])
        try:
            try:
                await self._insert(user)
            except TakenError:
                released = await self.release_unconfirmed(user.id, email_key=user.email_key, phone=user.phone)
                if not released:
                    raise
                await self._insert(user)
                return released
        except DomainError:
            taken = await self._taken(user)
            if taken:
                raise taken[0]([error for kind in taken for error in kind().errors]) from None
            raise
        return []

    async def _lock_identifiers(self, user: User) -> None:
        names = [f"username:{fold(user.username)}", f"look-alike:{look_alike_key(user.username)}"]
        await lock_names(self._session, *names, *contact_locks(email_key=user.email_key, phone=user.phone))

    async def lock_contact(self, *, email_key: str | None = None, phone: str | None = None) -> None:
        """Serialize everybody who registers or confirms this contact; the lock ends with the transaction.

        Call this before a user is locked. Whoever registers takes unconfirmed contacts from other users' rows, so two
        transactions that lock rows first and wait for each other's contact would be a deadlock.
        """
        await lock_names(self._session, *contact_locks(email_key=email_key, phone=phone))

    async def lock_with_holders(self, user_id: UUID, *, email_key: str | None = None, phone: str | None = None) -> None:
        """Serialize everybody who takes this contact, and lock the account and whom it may take the contact from.

        The rows are locked in the order of their ids, so two accounts may take each other's contact at one moment.
        Call this before the account is locked.
        """
        await self.lock_contact(email_key=email_key, phone=phone)
        held = [condition for condition, _values in self._unconfirmed(email_key, phone)]
        statement = select(User.id).where(or_(User.id == user_id, *held)).order_by(User.id).with_for_update()
        await self._session.execute(statement)

    async def _insert(self, user: User) -> None:
        async with self._session.begin_nested():
            self._session.add(user)
            await self.flush_or_raise_taken()

    async def release_unconfirmed(
        self, owner_id: UUID, *, email_key: str | None = None, phone: str | None = None
    ) -> Sequence[Released]:
        """Take contacts from other accounts that have not confirmed them; return these accounts.

        A contact that nobody has confirmed belongs to nobody: it blocks no registration, and whoever confirms it has
        it. Without text messages no phone number can be confirmed, so it stays with the account that named it first.
        """
        wanted = self._unconfirmed(email_key, phone)
        if not wanted:
            return []
        # Two accounts may each hold one contact of two others: whoever takes them locks the rows in one order.
        holders = select(User.id).where(or_(*(mine for mine, _ in wanted)), User.id != owner_id)
        if not (await self._session.execute(holders.order_by(User.id).with_for_update())).all():
            return []
        released = [update(User).where(mine, User.id != owner_id).values(values) for mine, values in wanted]
        return [row for statement in released for row in await self._release(statement)]

    def _unconfirmed(
        self, email_key: str | None, phone: str | None
    ) -> list[tuple[ColumnElement[bool], dict[str, None]]]:
        """Return which accounts hold these contacts unconfirmed, and what they have when they are taken."""
        found: list[tuple[ColumnElement[bool], dict[str, None]]] = []
        if email_key is not None:
            mine = and_(User.email_key == email_key, User.email_confirmed_at.is_(None))
            found.append((mine, {"email": None, "email_key": None}))
        if phone is not None and self._phones:
            found.append((and_(User.phone == phone, User.phone_confirmed_at.is_(None)), {"phone": None}))
        return found

    async def _release(self, statement: Update) -> Sequence[Released]:
        returning = statement.returning(User.id, User.email, User.phone)
        rows = await self._session.execute(returning.execution_options(synchronize_session="fetch"))
        return [Released(row.id, has_contact=(row.email or row.phone) is not None) for row in rows]

    async def lapse_emails(self, before: datetime, limit: int) -> Sequence[Released]:
        """Remove e-mail addresses of active accounts from before a time that nobody confirmed; return the accounts.

        An address is unconfirmed only from registration on: a changed one takes effect when it is confirmed.
        """
        old = and_(
            User.email.is_not(None),
            User.email_confirmed_at.is_(None),
            User.created_at < before,
            User.status == UserStatus.ACTIVE,
        )
        some = select(User.id).where(old).order_by(User.id).limit(limit).with_for_update(skip_locked=True)
        return await self._release(update(User).where(User.id.in_(some)).values(email=None, email_key=None))

    async def flush_or_raise_taken(self) -> None:
        """Flush the session and turn a uniqueness violation into the error of its field.

        Raises:
            UsernameTakenError, EmailTakenError, PhoneTakenError: Another account has the value.
        """
        try:
            await self._session.flush()
        except IntegrityError as refused:
            taken = TAKEN.get(constraint_of(refused))
            if taken is None:
                raise
            raise taken from refused

    async def names(self, user_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return public names by user id; each name is read once per session."""
        known: dict[UUID, str] = self._session.info.setdefault(_NAMES, {})
        unknown = [user_id for user_id in user_ids if user_id not in known]
        if unknown:
            statement = select(User.id, User.display_name, User.username).where(User.id.in_(unknown))
            rows = await self._session.execute(statement)
            known.update((row.id, public_name(row.display_name, row.username)) for row in rows)
        return {user_id: known[user_id] for user_id in user_ids if user_id in known}

    async def with_roles(self, roles: Collection[Role]) -> Sequence[UUID]:
        """Return the ids of the active accounts that have one of these roles."""
        query = select(User.id).where(User.role.in_(roles), User.status == UserStatus.ACTIVE).order_by(User.id)
        return (await self._session.execute(query)).scalars().all()

    def remember_names(self, names: Iterable[tuple[UUID, str]]) -> None:
        """Cache names that another statement has read, for the rest of the session."""
        self._session.info.setdefault(_NAMES, {}).update(names)

    async def resembles_username(self, names: Sequence[str], *, except_for: UUID | None = None) -> bool:
        """Tell whether one of the names is somebody's user name, or looks the same in other letters."""
        statement = select(User.id).where(_resembling(names)).limit(1)
        if except_for is not None:
            statement = statement.where(User.id != except_for)
        return (await self._session.execute(statement)).scalar_one_or_none() is not None

    async def is_taken(self, *, email_key: str | None = None, phone: str | None = None) -> bool:
        """Tell whether an account has this e-mail address or phone number, confirmed where it can be."""
        condition = (
            and_(User.email_key == email_key, User.email_confirmed_at.is_not(None))
            if email_key is not None
            else and_(User.phone == phone, User.phone_confirmed_at.is_not(None) if self._phones else true())
        )
        return (await self._session.execute(select(User.id).where(condition))).scalar_one_or_none() is not None

    async def _taken(self, user: User) -> list[type[TakenError]]:
        found: list[type[TakenError]] = [UsernameTakenError] if await self.resembles_username([user.username]) else []
        if user.email_key is not None and await self.is_taken(email_key=user.email_key):
            found.append(EmailTakenError)
        if user.phone is not None and await self.is_taken(phone=user.phone):
            found.append(PhoneTakenError)
        return found


def contact_locks(*, email_key: str | None, phone: str | None) -> list[str]:
    """Return the names of the advisory locks of these contacts."""
    return [f"{kind}:{value}" for kind, value in (("email", email_key), ("phone", phone)) if value is not None]


def _resembling(names: Sequence[str]) -> ColumnElement[bool]:
    keys = [fold(name) for name in names]
    return or_(User.username_key.in_(keys), LOOK_ALIKE_USERNAME.in_([look_alike_key(name) for name in names]))


class ChallengeRepository:
    """Queries for challenges: the links and codes that verify a contact."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_all(self, user_id: UUID) -> None:
        """Serialize everybody who opens, redeems or closes challenges of this account, until the transaction ends.

        Call this before a contact or a user is locked: some use cases lock the user first and others a challenge, and
        two that wait for each other would be a deadlock.
        """
        await lock_names(self._session, f"challenges:{user_id}")

    async def close(self, user_id: UUID, purpose: ChallengePurpose, now: datetime) -> None:
        """Close the open challenges of this purpose; their links and codes stop working."""
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
        """Return the challenge, or None."""
        return await self._session.get(AuthChallenge, challenge_id)

    async def lock(self, challenge_id: UUID) -> AuthChallenge | None:
        """Lock the challenge until the transaction ends and return it, or None."""
        statement = select(AuthChallenge).where(AuthChallenge.id == challenge_id).with_for_update()
        return (await self._session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()

    async def lock_open(self, user_id: UUID, purposes: Sequence[ChallengePurpose]) -> AuthChallenge | None:
        """Lock the newest open challenge of these purposes until the transaction ends and return it, or None."""
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

    async def wrong_codes(self, user_id: UUID, purposes: Sequence[ChallengePurpose], since: datetime) -> int:
        """Return how many wrong codes were entered for challenges of an account that were opened since a time."""
        statement = select(func.coalesce(func.sum(AuthChallenge.attempts), 0)).where(
            AuthChallenge.user_id == user_id, AuthChallenge.purpose.in_(purposes), AuthChallenge.created_at > since
        )
        return int((await self._session.execute(statement)).scalar_one())

    async def open(self, user_id: UUID, now: datetime) -> Sequence[AuthChallenge]:
        """Return the open challenges of an account that have not expired."""
        statement = select(AuthChallenge).where(
            AuthChallenge.user_id == user_id, AuthChallenge.closed_at.is_(None), AuthChallenge.expires_at > now
        )
        return (await self._session.execute(statement)).scalars().all()

    async def prune(self, before: datetime) -> int:
        """Delete challenges that expired before the given time; return the number of rows."""
        statement = delete(AuthChallenge).where(AuthChallenge.expires_at < before).returning(AuthChallenge.id)
        return len((await self._session.execute(statement.execution_options(synchronize_session=False))).all())
