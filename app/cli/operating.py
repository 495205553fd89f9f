"""The commands by which an operator looks after people, orders, reports and what failed."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.shared import Refusal, app, console, errors, start_servers
from app.core.config import get_settings
from app.core.i18n import use_locale
from app.core.resources import Resources


@app.command()
def superuser(username: Annotated[str, typer.Argument(help="the account's user name")]) -> None:
    """Make an account an administrator's; asks for an address and a password when there is none of this name."""
    from app.core.errors import DomainError
    from app.scripts.people import PersonError
    from app.scripts.superuser import appoint, create

    settings = get_settings()
    servers = start_servers(settings)
    try:
        appointed = asyncio.run(appoint(settings, servers, username))
    except PersonError as refused:
        raise Refusal(str(refused)) from refused
    if appointed:
        console.print(f"{username} is an administrator now, and has to sign in again.", markup=False)
        return
    console.print(f"Nobody is called {username}: making a new account.", markup=False)
    email = typer.prompt("E-mail address")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with use_locale("en"):
        try:
            asyncio.run(create(settings, servers, username, email, password))
        except DomainError as refused:
            said = [f"{problem.loc[-1]}: {problem.text()}" for problem in refused.errors]
            raise Refusal("\n".join(said) or refused.text()) from refused
    console.print(f"{username} is an administrator now.", markup=False)


type PersonName = Annotated[str, typer.Argument(metavar="PERSON", help="a user name, e-mail address or phone number")]


def _do_to(person: str, act: str, **given: str) -> None:
    from app.scripts import people

    settings = get_settings()
    chosen = partial(getattr(people, act), **given)
    try:
        console.print(asyncio.run(people.do(settings, start_servers(settings), person, chosen)), markup=False)
    except people.PersonError as refused:
        raise Refusal(str(refused)) from refused


@app.command(name="end-sessions")
def end_sessions(person: PersonName) -> None:
    """Sign a person out everywhere; they may sign in again."""
    _do_to(person, "end_sessions")


@app.command()
def ban(
    person: PersonName,
    reason: Annotated[str, typer.Option(help="the rule that was broken and how; the person reads it in a mail")],
) -> None:
    """Block an account: its sessions end at once, nobody signs in to it, and its owner is told why."""
    _do_to(person, "ban", reason=reason)


@app.command()
def unban(person: PersonName) -> None:
    """Open a blocked account again."""
    _do_to(person, "unban")


reports = typer.Typer(no_args_is_help=True, help="See what people have reported, and decide.")
app.add_typer(reports, name="reports")
type ReportId = Annotated[str, typer.Argument(metavar="ID", help="of the report, as the list shows it")]


def _with_reports(act: str, *given: str) -> None:
    from app.scripts import reports as operating

    settings = get_settings()
    chosen = partial(getattr(operating, act), given=given)
    try:
        told = asyncio.run(operating.with_resources(settings, start_servers(settings), chosen))
    except operating.ReportCommandError as refused:
        raise Refusal(str(refused)) from refused
    console.print(told, markup=False, soft_wrap=True)


@reports.command(name="list")
def list_reports() -> None:
    """List what waits for a decision, the most urgent first."""
    _with_reports("waiting")


@reports.command(name="show")
def show_report(report: ReportId) -> None:
    """Show a report with what the reported thing said."""
    _with_reports("shown", report)


@reports.command(name="close")
def close_report(
    report: ReportId,
    uphold: Annotated[bool, typer.Option("--uphold/--dismiss", help="whether a rule was broken")],
    reason: Annotated[str, typer.Option(help="why; both sides read it")],
    rule: Annotated[str, typer.Option(help="the rule that was broken, where it is not the one that was named")] = "",
) -> None:
    """Decide about a report, or about an objection to a decision."""
    _with_reports("close", report, "upheld" if uphold else "dismissed", reason, rule)


orders = typer.Typer(no_args_is_help=True, help="Look at new orders where MODERATE_ORDERS asks for it.")
app.add_typer(orders, name="orders")
type OrderId = Annotated[str, typer.Argument(metavar="ID", help="of the order, as the list shows it")]


def _with_orders(act: str, *given: str) -> None:
    from app.scripts import orders as operating

    settings = get_settings()
    chosen = partial(getattr(operating, act), given=given)
    try:
        told = asyncio.run(operating.with_resources(settings, start_servers(settings), chosen))
    except operating.OrderCommandError as refused:
        raise Refusal(str(refused)) from refused
    console.print(told, markup=False, soft_wrap=True)


@orders.command(name="list")
def list_orders() -> None:
    """List orders that nobody has looked at, the most urgent first."""
    _with_orders("unchecked")


@orders.command(name="approve")
def approve_order(order: OrderId) -> None:
    """Let a waiting order through, or take the mark off one that opened by itself."""
    _with_orders("approve", order)


@orders.command(name="reject")
def reject_order(order: OrderId, reason: Annotated[str, typer.Option(help="why; the customer reads it")]) -> None:
    """Send a waiting order back to its customer."""
    _with_orders("reject", order, reason)


skills = typer.Typer(no_args_is_help=True, help="Tidy the skills up: merge two, rename one, change what leads to it.")
app.add_typer(skills, name="skills")
type SkillName = Annotated[str, typer.Argument(metavar="SKILL", help="its name in addresses, such as web-design")]


def _with_skills(act: str, *given: object) -> None:
    from app.scripts import skills as tidying

    settings = get_settings()

    async def chosen(resources: Resources) -> str:
        return str(await getattr(tidying, act)(resources, *given))

    with use_locale("en"):
        try:
            told = asyncio.run(tidying.with_resources(settings, start_servers(settings), chosen))
        except tidying.SkillCommandError as refused:
            raise Refusal(str(refused)) from refused
    console.print(told, markup=False, soft_wrap=True)


@skills.command(name="find")
def find_skills(words: Annotated[str, typer.Argument(help="a name, a synonym, or the beginning of one")]) -> None:
    """List the skills that fit."""
    _with_skills("found", words)


@skills.command(name="merge")
def merge_skills(old: SkillName, new: SkillName) -> None:
    """Make OLD a part of NEW for good: its names lead there, and orders, profiles and saved searches follow."""
    _with_skills("merge", old, new)


@skills.command(name="rename")
def rename_skill(
    skill: SkillName,
    en: Annotated[str, typer.Option(help="the English name")] = "",
    ru: Annotated[str, typer.Option(help="the Russian name")] = "",
) -> None:
    """Give a skill another name; the old one still leads to it."""
    _with_skills("rename", skill, en, ru)


@skills.command(name="synonyms")
def change_synonyms(
    skill: SkillName,
    add: Annotated[list[str] | None, typer.Option(help="a word that leads to it from now on")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="a word that no longer does")] = None,
) -> None:
    """Let more words lead to a skill, or fewer."""
    _with_skills("synonyms", skill, add or [], remove or [])


@app.command(name="import-orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="a .json, .jsonl or .csv file of orders")],
    owner: Annotated[str, typer.Option(help="user name of the account that the orders will belong to")],
    publish: Annotated[bool, typer.Option("--publish/--draft", help="show them to everybody, or keep drafts")] = True,
) -> None:
    """Load orders from a file; running it again adds only what is new."""
    from app.scripts.import_orders import NoSuchOwnerError, UnreadableFileError, import_file

    settings = get_settings()
    servers = start_servers(settings)
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with use_locale("en"), Progress(*columns, console=console) as bar:

        def begin(total: int) -> Callable[[], object]:
            task = bar.add_task("Importing", total=total)
            return lambda: bar.advance(task)

        try:
            report = asyncio.run(import_file(settings, servers, file, owner, publish=publish, progress=begin))
        except (NoSuchOwnerError, UnreadableFileError) as refused:
            raise Refusal(str(refused)) from refused
    console.print(f"{report.created} imported, {report.known} known from before, {report.refused_records} refused")
    for place, name, text in report.refused:
        errors.print(f"order {place}{f', {name}' if name else ''}: {text}", markup=False)
    if report.tags:
        words = ", ".join(word for word, _count in report.tags.most_common(20))
        console.print(
            f"Skills the catalogue does not know became plain tags ({len(report.tags)}): {words}", markup=False
        )
    if report.unknown_fields:
        console.print(f"Fields left aside: {', '.join(sorted(report.unknown_fields))}", markup=False)
    if report.refused:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say what is configured, what answers and what is missing."""
    from app.scripts.doctor import examine

    findings = asyncio.run(examine(get_settings()))
    for finding in findings:
        console.print(f"{'[green]✓[/]' if finding.good else '[red]✗[/]'} {finding.what}: {finding.told}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@app.command(name="dead-letters")
def dead_letters(
    action: Annotated[str, typer.Argument(help="list, replay or close")] = "list",
    names: Annotated[
        list[str] | None, typer.Argument(help="names from the list, or `all` to replay everything")
    ] = None,
) -> None:
    """Show what could not be delivered; replay it, or lay it to rest."""
    from app.scripts.dead_letters import run

    if action not in ("list", "replay", "close") or (action != "list" and not names):
        raise Refusal("Say `list`, `replay NAME…`, `replay all` or `close NAME…`; the names stand in the list.")
    if any(not _is_letter(name) for name in names or []):
        raise Refusal("A name is a number or mail:… as the list shows it.")
    settings = get_settings()
    for line in asyncio.run(run(settings, start_servers(settings), action, names or [])):
        console.print(line, markup=False, soft_wrap=True)


def _is_letter(name: str) -> bool:
    import re

    return name == "all" or bool(re.fullmatch(r"\d{1,18}|mail:[0-9a-f-]{36}", name))


@app.command()
def facts(action: Annotated[str, typer.Argument(help="recompute")] = "recompute") -> None:
    """Count anew what every customer's orders and decisions add up to (docs/profiles.md)."""
    from app.scripts.facts import recompute

    if action != "recompute":
        raise Refusal("Say `facts recompute`.")
    settings = get_settings()
    count = asyncio.run(recompute(settings, start_servers(settings)))
    console.print(f"[green]✓[/] customers counted: {count}")
