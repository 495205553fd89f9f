"""Commands for skills: find, merge, rename, and change synonyms."""

from typing import Annotated

import typer

from app.cli.shared import Reason, Refusal, app, called, reason_given, say
from app.core.resources import Resources

MAX_LISTED = 50
skills = typer.Typer(no_args_is_help=True, help="Tidy the skills up: merge two, rename one, change what leads to it.")
app.add_typer(skills, name="skills")
SkillName = Annotated[str, typer.Argument(metavar="SKILL", help="its name in addresses, such as web-design")]


@skills.command(name="find")
def find_skills(
    ctx: typer.Context, words: Annotated[str, typer.Argument(help="a name, a synonym, or the beginning of one")]
) -> None:
    """List the matching skills."""
    from app.features.catalog import service

    async def query(resources: Resources) -> list[str]:
        async with resources.read_sessions() as session:
            catalogue = await service.read_catalogue(session, resources)
        lines: list[str] = []
        for skill in catalogue.suggest(words, MAX_LISTED):
            more = f" ({', '.join(skill.synonyms)})" if skill.synonyms else ""
            lines.append(f"{skill.slug}: {skill.name_en} · {skill.name_ru}{more}")
        return lines

    say("\n".join(called(ctx).run(query)) or "Nothing fits.")


@skills.command(name="merge")
def merge_skills(ctx: typer.Context, old: SkillName, new: SkillName, reason: Reason = "") -> None:
    """Merge OLD into NEW for good: its names become synonyms, and orders, profiles and saved searches are updated."""
    from app.features.catalog import service

    invocation, why = called(ctx), reason_given(reason)
    kept = invocation.change(lambda uow: service.merge_skills(uow, invocation.actor, old, new, reason=why))
    say(f"{old} leads to {kept.slug} now. Orders, profiles and saved searches follow within a minute.")


@skills.command(name="rename")
def rename_skill(
    ctx: typer.Context,
    skill: SkillName,
    en: Annotated[str, typer.Option(help="the English name")] = "",
    ru: Annotated[str, typer.Option(help="the Russian name")] = "",
    reason: Reason = "",
) -> None:
    """Rename a skill; the old name becomes a synonym."""
    from app.features.catalog import service

    name_en, name_ru = en.strip() or None, ru.strip() or None
    if not name_en and not name_ru:
        raise Refusal("Give --en, --ru, or both.")
    invocation, why = called(ctx), reason_given(reason)
    renamed = invocation.change(
        lambda uow: service.rename_skill(uow, invocation.actor, skill, name_en=name_en, name_ru=name_ru, reason=why)
    )
    say(f"{skill} is called {renamed.name_en} · {renamed.name_ru} now; the old name still leads to it.")


@skills.command(name="synonyms")
def change_synonyms(
    ctx: typer.Context,
    skill: SkillName,
    add: Annotated[list[str] | None, typer.Option(help="a word that leads to it from now on")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="a word that no longer does")] = None,
    reason: Reason = "",
) -> None:
    """Add or remove synonyms of a skill."""
    from app.features.catalog import service

    invocation, why = called(ctx), reason_given(reason)
    changed = invocation.change(
        lambda uow: service.change_synonyms(
            uow, invocation.actor, skill, add=add or [], remove=remove or [], reason=why
        )
    )
    say(f"To {skill} lead now: {', '.join(changed.synonyms) or 'its names alone'}.")
