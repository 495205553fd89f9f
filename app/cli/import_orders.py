"""Command that imports orders from a file and reports which were refused and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.foreign_orders import Record, read_records
from app.cli.shared import Reason, Refusal, app, called, console, errors, reason_given
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work


@dataclass(slots=True)
class Report:
    """The outcome of all records."""

    created: int = 0
    known: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])
    tags: Counter[str] = field(default_factory=Counter[str])
    unknown_fields: Counter[str] = field(default_factory=Counter[str])

    def refuse(self, place: int, refused: DomainError) -> None:
        """Add the errors of a record."""
        found = [(".".join(str(part) for part in item.loc if part != "body"), item.text()) for item in refused.errors]
        found = found or [("", refused.text() or _(refused.title))]
        self.refused += [(place, name, text) for name, text in found]

    @property
    def refused_records(self) -> int:
        """Return the number of refused records; one may be refused for several fields."""
        return len({place for place, _name, _text in self.refused})


@app.command(name="import-orders")
def import_orders(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="a .json, .jsonl or .csv file of orders")],
    owner: Annotated[str, typer.Option(help="user name of the account that the orders will belong to")],
    publish: Annotated[bool, typer.Option("--publish/--draft", help="show them to everybody, or keep drafts")] = True,
    reason: Reason = "",
) -> None:
    """Import orders from a file; running it again adds only new ones."""
    invocation, why, records = called(ctx), reason_given(reason), read_records(file)
    report = invocation.run(
        lambda resources: _import(resources, invocation.actor, owner, records, publish=publish, reason=why)
    )
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


async def _import(
    resources: Resources, actor: Actor, username: str, records: Sequence[Record], *, publish: bool, reason: str
) -> Report:
    """Create an order from each record, each in its own transaction; orders of an earlier run are not changed."""
    from app.features.catalog import service as catalog
    from app.features.catalog.schemas import Searched
    from app.features.identity import service as identity
    from app.features.orders import service as orders

    async with resources.read_sessions() as session:
        owner = await identity.find_actor(session, username)
    if owner is None:
        raise Refusal(f"Nobody here is called {username}: name an existing account with --owner.")
    report, seen = Report(), Counter[str]()
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        for record in bar.track(records):
            plain = orders.record_key(record.content, 0)
            seen[plain] += 1
            foreign = orders.ForeignOrder(record.content, orders.record_key(record.content, seen[plain]))
            try:
                async with unit_of_work(resources) as uow:
                    made = await orders.import_order(uow, actor, owner, foreign, publish=publish, reason=reason)
            except DomainError as refused:
                report.refuse(record.place, refused)
            else:
                report.created += made.created
                report.known += not made.created
                report.tags.update(made.tags if made.created else ())
                report.unknown_fields.update(made.unknown_fields)
    if report.created:  # so that the search knows the new terms at once and not only after the next periodic run
        async with unit_of_work(resources) as uow:
            await catalog.learn_terms(uow, Searched.ORDERS)
    return report
