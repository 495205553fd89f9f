"""Use cases of legal statuses: read, save, erase, and what the other side of a contract may read."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.ids import new_id
from app.core.security.encryption import DataKey, KeyRing, UndecryptableError, load_ciphers
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.service import Caller, record_security_event
from app.features.legal import rules
from app.features.legal.errors import (
    InvalidLegalStatusError,
    LegalStatusChangedError,
    LegalStatusNotFoundError,
    LegalStatusUnreadableError,
)
from app.features.legal.events import LegalStatusChanged
from app.features.legal.repository import LegalStatusRepository, StoredVersion
from app.features.legal.schemas import (
    LegalDetails,
    LegalForms,
    LegalStatusHistory,
    LegalStatusPut,
    LegalStatusRead,
    LegalStatusVersionRead,
    StatusState,
)
from app.models import LegalKind, LegalStatusKey, LegalStatusVersion, RegistryOutcome
from app.models.security_event import SecurityEventKind

KEYS = KeyRing("legal-status")
MAX_VERSIONS = 50
RENEWED_AT_ONCE = 200
ASKED_AT_ONCE = 50
CHECK_TASK = "legal.check_registries"


@dataclass(frozen=True, slots=True)
class RegistryQuestion:
    """A version that a registry can be asked about; `registry` is empty where none lists such a status."""

    user_id: UUID
    version: int
    registry: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class FrozenKind:
    """What a person is in law, and the version of the details that says so."""

    kind: LegalKind
    version: int
    details: LegalDetails


@dataclass(frozen=True, slots=True)
class RenewedKeys:
    """What a renewal of keys did; `last` is the key to continue after, None at the end."""

    renewed: int
    unreadable: int
    last: UUID | None


def get_forms(country: str) -> LegalForms:
    """Return what each kind of legal status is asked for in a country, in the reader's language."""
    return rules.forms_of(country)


def shown_details(details: LegalDetails) -> list[tuple[str, str]]:
    """Return the labels and values of legal details but the name, in the reader's language, for a document."""
    return rules.shown_details(details)


async def get_status(session: AsyncSession, settings: Settings, actor: Actor) -> LegalStatusRead:
    """Return the actor's own legal details."""
    stored = await (await _statuses(session)).current(actor.id)
    if stored is None or stored.encrypted_key is None:
        return LegalStatusRead(state=StatusState.EMPTY, version=stored.version if stored else 0)
    try:
        details = _details(settings, stored)
    except UndecryptableError:
        return LegalStatusRead(state=StatusState.UNREADABLE, version=stored.version, saved_at=stored.saved_at)
    return LegalStatusRead(
        state=StatusState.COMPLETE,
        kind=details.kind,
        country=details.country,
        fields=details.fields,
        version=stored.version,
        saved_at=stored.saved_at,
        registry_outcome=stored.registry_outcome,
    )


async def get_history(session: AsyncSession, settings: Settings, actor: Actor) -> LegalStatusHistory:
    """Return the saved versions of the actor's own legal details, newest first."""
    stored = await (await _statuses(session)).versions(actor.id, MAX_VERSIONS + 1)
    items: list[LegalStatusVersionRead] = []
    before: LegalDetails | None = None
    for version in reversed(stored):
        try:
            details = _details(settings, version)
        except UndecryptableError:
            details = None
        changed = rules.changed_names(before, details) if details else []
        items.append(
            LegalStatusVersionRead(
                version=version.version, saved_at=version.saved_at, readable=details is not None, changed=changed
            )
        )
        before = details
    return LegalStatusHistory(items=items[::-1][:MAX_VERSIONS])


async def read_for_counterparty(
    session: AsyncSession, settings: Settings, actor: Actor, owner_id: UUID
) -> LegalDetails:
    """Return the legal details of a person to the other side of a contract with them.

    Raises:
        LegalStatusNotFoundError: The person has none, or the actor has no contract with them.
        LegalStatusUnreadableError: The site no longer has the key that encrypted them.
    """
    repository = await _statuses(session)
    if not await repository.have_contract(actor.id, owner_id):
        raise LegalStatusNotFoundError
    stored = await repository.current(owner_id)
    if stored is None or stored.encrypted_key is None:
        raise LegalStatusNotFoundError
    try:
        return _details(settings, stored)
    except UndecryptableError as lost:
        raise LegalStatusUnreadableError from lost


async def frozen_kinds(session: AsyncSession, settings: Settings, user_ids: Collection[UUID]) -> dict[UUID, FrozenKind]:
    """Return the current legal kind of people, as a contract between them keeps it, and the details for its papers.

    Who has no legal details, or unreadable ones, is left out.
    """
    stored = await LegalStatusRepository(session).current_of(user_ids)
    found: dict[UUID, FrozenKind] = {}
    if stored:
        await load_ciphers()
    for version in stored:
        try:
            details = _details(settings, version)
            found[version.user_id] = FrozenKind(details.kind, version.version, details)
        except UndecryptableError:
            continue
    return found


async def save_status(uow: UnitOfWork, actor: Actor, command: LegalStatusPut, caller: Caller) -> LegalStatusVersion:
    """Check and save the actor's own legal details as a new version. Emits `LegalStatusChanged`.

    Raises:
        InvalidLegalStatusError: A field is missing or does not have its form.
        LegalStatusChangedError: `version` is not the current version.
    """
    details, errors = rules.check_details(command)
    if errors:
        raise InvalidLegalStatusError(errors=errors)
    repository = await _statuses(uow.session)
    stored = await repository.current_for_update(actor.id)
    if command.version != (stored.version if stored else 0):
        raise LegalStatusChangedError
    key_id, key = await _key_for(uow, actor.id, stored)
    number = command.version + 1
    content = key.encrypt(details.model_dump_json().encode(), _context(actor.id, number))
    version = LegalStatusVersion(user_id=actor.id, version=number, key_id=key_id, content=content, saved_at=utc_now())
    if not await repository.add_version(version):
        raise LegalStatusChangedError
    record_security_event(
        uow,
        actor.id,
        SecurityEventKind.LEGAL_STATUS_CHANGED,
        caller,
        session_id=actor.session_id,
        data={"version": number},
    )
    uow.emit(LegalStatusChanged(user_id=str(actor.id), version=number))
    uow.trigger_task(CHECK_TASK)
    return version


async def erase(uow: UnitOfWork, user_id: UUID) -> None:
    """Erase the legal details of a closed account: without its keys none of its versions can be read."""
    await LegalStatusRepository(uow.session).erase_keys(user_id)


async def renew_keys(uow: UnitOfWork, after: UUID | None) -> RenewedKeys:
    """Encrypt the next data keys with the newest key of the settings, and count those that no key opens."""
    keys = await (await _statuses(uow.session)).keys_for_update(after, RENEWED_AT_ONCE)
    renewed = unreadable = 0
    for key in keys:
        try:
            again = KEYS.renew(uow.resources.settings, key.encrypted_key or b"", str(key.id))
        except UndecryptableError:
            unreadable += 1
            continue
        if again is not None:
            key.encrypted_key = again
            renewed += 1
    return RenewedKeys(renewed, unreadable, keys[-1].id if keys else None)


async def registry_questions(session: AsyncSession, settings: Settings) -> list[RegistryQuestion]:
    """Return the next current versions that the registries were not asked about."""
    questions: list[RegistryQuestion] = []
    for stored in await (await _statuses(session)).unasked(ASKED_AT_ONCE):
        try:
            found = rules.registered_number(_details(settings, stored)) or ("", "")
        except UndecryptableError:
            found = ("", "")
        questions.append(RegistryQuestion(stored.user_id, stored.version, *found))
    return questions


async def record_answer(uow: UnitOfWork, question: RegistryQuestion, outcome: RegistryOutcome | None) -> None:
    """Store what a registry answered; None where none lists such a status."""
    asked_at = None if outcome is None else utc_now()
    await LegalStatusRepository(uow.session).set_answer(question.user_id, question.version, outcome, asked_at)


async def _statuses(session: AsyncSession) -> LegalStatusRepository:
    """Return the queries for what is encrypted, once the ciphers can be used in this event loop."""
    await load_ciphers()
    return LegalStatusRepository(session)


async def _key_for(uow: UnitOfWork, user_id: UUID, stored: StoredVersion | None) -> tuple[UUID, DataKey]:
    """Return the key of the current version, or a new one where there is none that can be used."""
    settings = uow.resources.settings
    if stored is not None and stored.encrypted_key is not None:
        try:
            return stored.key_id, KEYS.open(settings, stored.encrypted_key, str(stored.key_id))
        except UndecryptableError:
            pass  # the details are entered again under a key that the site has
    key_id = new_id()
    key, encrypted = KEYS.create(settings, str(key_id))
    await LegalStatusRepository(uow.session).add_key(
        LegalStatusKey(id=key_id, user_id=user_id, encrypted_key=encrypted)
    )
    return key_id, key


def _details(settings: Settings, stored: StoredVersion) -> LegalDetails:
    if stored.encrypted_key is None:
        raise UndecryptableError
    key = KEYS.open(settings, stored.encrypted_key, str(stored.key_id))
    return LegalDetails.model_validate_json(key.decrypt(stored.content, _context(stored.user_id, stored.version)))


def _context(user_id: UUID, version: int) -> str:
    return f"{user_id}:{version}"
