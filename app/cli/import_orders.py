"""Command that imports orders from a file and reports which were refused and why."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.foreign_orders import ForeignFile, read_records
from app.cli.foreign_record import Record
from app.cli.shared import Reason, Refusal, app, called, console, errors, reason_given
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.money import Currency
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work

_SHOWN_NAMES = 30
_SHOWN_LENGTH = 60


@dataclass(slots=True)
class Report:
    """The outcome of all records; refusals are printed when they happen."""

    created: int = 0
    known: int = 0
    refused: int = 0
    tags: Counter[str] = field(default_factory=Counter[str])
    unknown_fields: Counter[str] = field(default_factory=Counter[str])

    def refuse(self, place: int, *found: tuple[str, str]) -> None:
        """Print the errors of a record: the name of each field and the text."""
        self.refused += 1
        for name, text in found:
            errors.print(printable(f"order {place}{f', {name}' if name else ''}: {text}"), markup=False)


def printable(text: str) -> str:
    """Return the text without characters that a terminal would obey or could not show."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _shown(names: Iterable[str]) -> str:
    listed = [printable(name[:_SHOWN_LENGTH]) for name in names]
    more = len(listed) - _SHOWN_NAMES
    return ", ".join(listed[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _errors_of(refused: DomainError) -> list[tuple[str, str]]:
    found = [(".".join(str(part) for part in item.loc if part != "body"), item.text()) for item in refused.errors]
    return found or [("", refused.text() or _(refused.title))]


@dataclass(frozen=True, slots=True)
class Import:
    """One run: who imports which records for whom, and how."""

    actor: Actor
    username: str
    records: ForeignFile
    publish: bool
    currency: Currency
    reason: str

    async def run(self, resources: Resources) -> Report:
        """Create an order from each record, each in its own transaction; orders of an earlier run are not changed.

        Raises:
            Refusal: The owner does not exist.
        """
        from app.features.catalog import service as catalog
        from app.features.catalog.schemas import Searched
        from app.features.identity import service as identity

        async with resources.read_sessions() as session:
            owner = await identity.find_actor(session, self.username)
        if owner is None:
            raise Refusal(f"Nobody here is called {self.username}: name an existing account with --owner.")
        report, seen = Report(), dict[str, tuple[int, int]]()
        columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            for record in bar.track(self.records, total=self.records.count):
                await self._import(resources, owner, record, report, seen)
        if report.created:  # so that the search knows the new terms at once and not only after the next periodic run
            async with unit_of_work(resources) as uow:
                await catalog.learn_terms(uow, Searched.ORDERS)
        return report

    async def _import(
        self, resources: Resources, owner: Actor, record: Record, report: Report, seen: dict[str, tuple[int, int]]
    ) -> None:
        """Create one order; `seen` has the first place of each key in the file, and how often it came."""
        from app.features.orders import service as orders

        if record.refusal:
            report.refuse(record.place, ("", record.refusal))
            return
        first, times = seen.get(orders.record_key(record.content, 0), (record.place, 0))
        seen[orders.record_key(record.content, 0)] = first, times + 1
        key = orders.record_key(record.content, times + 1)
        if times and orders.is_own_key(key):
            report.refuse(record.place, ("", f"Order {first} of this file has the same id: {key}."))
            return
        foreign = orders.ForeignOrder(record.content, key, self.currency)
        try:
            async with unit_of_work(resources) as uow:
                made = await orders.import_order(
                    uow, self.actor, owner, foreign, publish=self.publish, reason=self.reason
                )
        except DomainError as refused:
            report.refuse(record.place, *_errors_of(refused))
        else:
            report.created += made.created
            report.known += not made.created
            report.tags.update(made.tags if made.created else ())
            report.unknown_fields.update(made.unknown_fields)


@app.command(name="import-orders")
def import_orders(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="a .json, .jsonl or .csv file of orders")],
    owner: Annotated[str, typer.Option(help="user name of the account that the orders will belong to")],
    publish: Annotated[bool, typer.Option("--publish/--draft", help="show them to everybody, or keep drafts")] = True,
    currency: Annotated[
        Currency, typer.Option(case_sensitive=False, help="the currency of amounts whose record names none")
    ] = Currency.RUB,
    reason: Reason = "",
) -> None:
    """Import orders from a file; running it again adds only new ones."""
    invocation, why, records = called(ctx), reason_given(reason), read_records(file)
    if records.encoding == "cp1251":
        console.print(f"{file} is not UTF-8; read as windows-1251.", markup=False)
    task = Import(invocation.actor, owner, records, publish, currency, why)
    report = invocation.run(task.run)
    console.print(f"{report.created} imported, {report.known} known from before, {report.refused} refused")
    if report.tags:
        words = _shown(word for word, _count in report.tags.most_common())
        console.print(
            f"Skills the catalogue does not know became plain tags ({len(report.tags)}): {words}", markup=False
        )
    if report.unknown_fields:
        console.print(f"Fields left aside: {_shown(sorted(report.unknown_fields))}", markup=False, soft_wrap=True)
    if report.refused:
        raise typer.Exit(1)
