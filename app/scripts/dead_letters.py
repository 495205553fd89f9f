"""Lists what could not be delivered, and gives it another try: messages of the outbox and mails."""

from uuid import UUID

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.persistence import outbox_store
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import RELAY_TASK, unit_of_work
from app.features.notifications import service as notifications
from app.local.embedded import ServerAddresses

MAIL = "mail:"


async def listed(resources: Resources) -> list[str]:
    """Return one line per letter: its name first, as `replay` takes it."""
    async with resources.read_sessions() as session:
        letters = await outbox_store.open_letters(session)
        mails = await notifications.dead_mails(session)
    lines = [
        f"{letter.id}  {letter.failed_at:%Y-%m-%d %H:%M}  {letter.topic} → {letter.consumer}  "
        f"{letter.attempts} tries  {letter.error}  request {letter.request_id or '-'}"
        for letter in letters
    ]
    lines += [
        f"{MAIL}{mail.id}  {mail.created_at:%Y-%m-%d %H:%M}  {mail.kind}  {mail.attempts} tries  {mail.last_error}  "
        f"request {mail.request_id or '-'}"
        for mail in mails
    ]
    return lines


async def _chosen(resources: Resources, names: list[str]) -> list[str]:
    if names != ["all"]:
        return names
    return [line.split("  ", 1)[0] for line in await listed(resources)]


async def replay(resources: Resources, names: list[str]) -> list[str]:
    """Give letters another round of tries; what a consumer has taken meanwhile is not done twice."""
    told: list[str] = []
    for name in await _chosen(resources, names):
        async with unit_of_work(resources) as uow:
            if name.startswith(MAIL):
                done = await notifications.send_again(uow, UUID(name.removeprefix(MAIL)))
            else:
                letters = await outbox_store.open_letters(uow.session, [int(name)])
                done = bool(letters) and await outbox_store.replay(uow.session, letters[0])
                uow.nudge(RELAY_TASK)
        told.append(f"{name}: {'will be tried again' if done else 'there is no such letter, or its message is gone'}")
    return told


async def close(resources: Resources, names: list[str]) -> list[str]:
    """Lay letters to rest without delivering them; mails are forgotten by themselves."""
    told: list[str] = []
    for name in names:
        async with unit_of_work(resources) as uow:
            letters = [] if name.startswith(MAIL) else await outbox_store.open_letters(uow.session, [int(name)])
            for letter in letters:
                letter.closed_at, letter.outcome = utc_now(), "closed by hand"
        told.append(f"{name}: {'closed' if letters else 'there is no such letter'}")
    return told


async def run(settings: Settings, servers: ServerAddresses, action: str, names: list[str]) -> list[str]:
    """Do what the command line says."""
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        if action == "list":
            return await listed(resources) or ["No dead letters."]
        return await (replay if action == "replay" else close)(resources, names)
