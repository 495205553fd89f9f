"""Queries for legal statuses, their versions and their keys."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Contract, LegalStatus, LegalStatusKey, LegalStatusVersion, RegistryOutcome


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version with the key that encrypted it; `encrypted_key` is None where the key was erased."""

    user_id: UUID
    version: int
    content: bytes
    saved_at: datetime
    key_id: UUID
    encrypted_key: bytes | None
    registry_outcome: RegistryOutcome | None = None


_VERSION = select(
    LegalStatusVersion.user_id,
    LegalStatusVersion.version,
    LegalStatusVersion.content,
    LegalStatusVersion.saved_at,
    LegalStatusVersion.key_id,
    LegalStatusKey.encrypted_key,
).join(LegalStatusKey, LegalStatusKey.id == LegalStatusVersion.key_id)
_CURRENT: Select[UUID, int, bytes, datetime, UUID, bytes | None, RegistryOutcome | None] = _VERSION.add_columns(
    LegalStatus.registry_outcome
).join(
    LegalStatus,
    (LegalStatus.user_id == LegalStatusVersion.user_id) & (LegalStatus.version == LegalStatusVersion.version),
)


class LegalStatusRepository:
    """Queries for legal statuses."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def current(self, user_id: UUID) -> StoredVersion | None:
        """Return the current version, or None."""
        row = (await self._session.execute(_CURRENT.where(LegalStatus.user_id == user_id))).one_or_none()
        return StoredVersion(*row) if row else None

    async def current_of(self, user_ids: Collection[UUID]) -> Sequence[StoredVersion]:
        """Return the current versions of these people."""
        rows = await self._session.execute(_CURRENT.where(LegalStatus.user_id.in_(user_ids)))
        return [StoredVersion(*row) for row in rows]

    async def current_for_update(self, user_id: UUID) -> StoredVersion | None:
        """Lock the status of a person until the transaction ends and return the current version, or None."""
        statement = _CURRENT.where(LegalStatus.user_id == user_id).with_for_update(of=LegalStatus)
        row = (await self._session.execute(statement)).one_or_none()
        return StoredVersion(*row) if row else None

    async def versions(self, user_id: UUID, limit: int) -> Sequence[StoredVersion]:
        """Return the newest versions of a person, newest first."""
        statement = _VERSION.where(LegalStatusVersion.user_id == user_id)
        rows = await self._session.execute(statement.order_by(LegalStatusVersion.version.desc()).limit(limit))
        return [StoredVersion(*row) for row in rows]

    async def add_key(self, key: LegalStatusKey) -> None:
        """Insert a key."""
        self._session.add(key)
        await self._session.flush()

    async def add_version(self, version: LegalStatusVersion) -> bool:
        """Insert a version and make it the current one; return False where somebody else was first."""
        values = {
            "user_id": version.user_id,
            "version": version.version,
            "key_id": version.key_id,
            "content": version.content,
            "saved_at": version.saved_at,
        }
        added = await self._session.execute(
            insert(LegalStatusVersion).values(values).on_conflict_do_nothing().returning(LegalStatusVersion.version)
        )
        if added.scalar_one_or_none() is None:
            return False
        new = {"version": version.version, "registry_outcome": None, "registry_checked_at": None}
        status = insert(LegalStatus).values(user_id=version.user_id, version=version.version)
        await self._session.execute(status.on_conflict_do_update(index_elements=["user_id"], set_=new))
        return True

    async def erase_keys(self, user_id: UUID) -> None:
        """Erase the keys of a person: what they encrypted cannot be read any more."""
        await self._session.execute(
            update(LegalStatusKey).where(LegalStatusKey.user_id == user_id).values(encrypted_key=None)
        )

    async def keys_for_update(self, after: UUID | None, limit: int) -> Sequence[LegalStatusKey]:
        """Lock the next keys that were not erased, in the order of ids."""
        statement = select(LegalStatusKey).where(LegalStatusKey.encrypted_key.is_not(None))
        if after is not None:
            statement = statement.where(LegalStatusKey.id > after)
        return (
            (await self._session.execute(statement.order_by(LegalStatusKey.id).limit(limit).with_for_update()))
            .scalars()
            .all()
        )

    async def have_contract(self, one: UUID, other: UUID) -> bool:
        """Tell whether two people are the sides of a contract."""
        sides = or_(
            (Contract.customer_id == one) & (Contract.freelancer_id == other),
            (Contract.customer_id == other) & (Contract.freelancer_id == one),
        )
        return bool((await self._session.execute(select(exists().where(sides)))).scalar_one())

    async def unasked(self, limit: int) -> Sequence[StoredVersion]:
        """Return current versions that the registries were not asked about yet."""
        statement = _CURRENT.where(
            LegalStatus.registry_version < LegalStatus.version, LegalStatusKey.encrypted_key.is_not(None)
        )
        rows = await self._session.execute(statement.order_by(LegalStatus.user_id).limit(limit))
        return [StoredVersion(*row) for row in rows]

    async def set_answer(
        self, user_id: UUID, version: int, outcome: RegistryOutcome | None, asked_at: datetime | None
    ) -> None:
        """Store what a registry answered about a version; nothing where another one was saved meanwhile."""
        await self._session.execute(
            update(LegalStatus)
            .where(LegalStatus.user_id == user_id, LegalStatus.version == version)
            .values(registry_version=version, registry_outcome=outcome, registry_checked_at=asked_at)
        )
