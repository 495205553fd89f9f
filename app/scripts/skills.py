"""What an operator does with skills from the command line: find, merge, rename, and change what leads to them."""

from collections.abc import Awaitable, Callable, Sequence

from app.core.config import Settings
from app.core.errors import DomainError
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service
from app.local.embedded import ServerAddresses
from app.models import Skill

type Act = Callable[[Resources], Awaitable[str]]
MOST_LISTED = 50


class SkillCommandError(Exception):
    """The command cannot do it to this skill; the message says why."""


async def found(resources: Resources, words: str) -> str:
    """Return one line for each skill that fits the words."""
    async with resources.read_sessions() as session:
        catalogue = await service.read_catalogue(session, resources)
    lines = [_line(skill) for skill in catalogue.suggest(words, MOST_LISTED)]
    return "\n".join(lines) or "Nothing fits."


async def merge(resources: Resources, old: str, new: str) -> str:
    """Make one skill of two, and return the sentence that says so.

    Raises:
        SkillCommandError: One of them is not there, or they are the same.
    """
    kept = await _done(resources, old, new)
    return f"{old} leads to {kept.slug} now. Orders, profiles and saved searches follow within a minute."


async def rename(resources: Resources, slug: str, name_en: str, name_ru: str) -> str:
    """Give a skill other names, and return the sentence that says so.

    Raises:
        SkillCommandError: There is no such skill, a name is taken, or none was given.
    """
    if not name_en.strip() and not name_ru.strip():
        raise SkillCommandError("Give --en, --ru, or both.")
    try:
        async with unit_of_work(resources) as uow:
            skill = await service.rename_skill(uow, slug, name_en.strip() or None, name_ru.strip() or None)
    except DomainError as refused:
        raise SkillCommandError(refused.text()) from refused
    return f"{slug} is called {skill.name_en} · {skill.name_ru} now; the old name still leads to it."


async def synonyms(resources: Resources, slug: str, add: Sequence[str], remove: Sequence[str]) -> str:
    """Change the words that lead to a skill, and return the sentence that says so.

    Raises:
        SkillCommandError: There is no such skill, or a word leads to another one.
    """
    try:
        async with unit_of_work(resources) as uow:
            skill = await service.change_synonyms(uow, slug, add, remove)
    except DomainError as refused:
        raise SkillCommandError(refused.text()) from refused
    return f"To {slug} lead now: {', '.join(skill.synonyms) or 'its names alone'}."


def _line(skill: service.SkillEntry) -> str:
    more = f" ({', '.join(skill.synonyms)})" if skill.synonyms else ""
    return f"{skill.slug}: {skill.name_en} · {skill.name_ru}{more}"


async def _done(resources: Resources, old: str, new: str) -> Skill:
    try:
        async with unit_of_work(resources) as uow:
            return await service.merge_skills(uow, old, new)
    except DomainError as refused:
        raise SkillCommandError(refused.text()) from refused


async def with_resources(settings: Settings, servers: ServerAddresses, act: Act) -> str:
    """Do it on the servers of an instance."""
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        return await act(resources)
