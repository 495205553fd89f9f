"""Deals of the demonstration in every state, made by the use cases and paid through the trial provider."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict

from app.cli.seeding.deal_steps import MINOR, DemoStep, Play, take
from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.money import Currency
from app.core.resources import Resources
from app.core.sandbox_access import sandbox_api_key
from app.core.unit_of_work import unit_of_work
from app.features.authentication.service import Caller
from app.features.hiring import service as hiring
from app.features.hiring.schemas import DealMilestone, DirectDealAccept, DirectDealCreate, OwnSide
from app.features.identity import service as identity
from app.features.legal import service as legal
from app.features.legal.schemas import LegalStatusPut
from app.gateways.payments.sandbox import SandboxProvider
from app.local.demo_accounts import DATA
from app.models import LegalKind
from app.sandbox.context import Context
from app.sandbox.server import make_sandbox, options_of

DEALS = DATA.with_name("demo-deals.json")
NEVER = 86_400.0
"""Seconds until the sandbox sends its messages: the process that runs later does it."""
MAX_DEALS = 50
"""Number of a person's deals that are looked through for those that exist already."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DemoLegal(_Strict):
    """Legal details of a demonstration account."""

    username: str
    kind: LegalKind
    fields: dict[str, str]


class DemoDeal(_Strict):
    """Terms that `by` proposes to `to`, and what happens then."""

    by: str
    to: str = ""
    side: OwnSide = OwnSide.CUSTOMER
    title: str
    description: str = ""
    message: str = ""
    milestones: list[DealMilestone]
    accepted: bool = True
    security_days: int | None = None
    """Another security period than the usual one: without one, money is available on the first day."""
    steps: list[DemoStep] = []


class DemoDeals(_Strict):
    """The whole data file."""

    legal: list[DemoLegal]
    deals: list[DemoDeal]


def read_deals() -> DemoDeals:
    """Read the data file."""
    return DemoDeals.model_validate_json(DEALS.read_bytes())


async def load_deals(resources: Resources, operator: Actor, *, reason: str = "") -> int:
    """Play the deals of the demonstration that do not exist yet; none where money cannot be moved."""
    if not resources.settings.runs_sandbox:
        return 0
    given = read_deals()
    people = await _people(resources, given)
    new = await _missing(resources, people, given.deals) if people else []
    if not new:
        return 0
    async with _sandbox(resources) as (paid, context):
        for details in given.legal:
            await _save_details(paid, people[details.username], details, context)
        for deal in new:
            play = await _agree(paid, people, deal, context)
            if play is not None:
                for step in deal.steps:
                    await take(play, step)
    async with unit_of_work(resources) as uow:
        record_audit(
            uow.session, operator, "demonstration.deals", "demonstration", new={"deals": len(new)}, reason=reason
        )
    return len(new)


async def _people(resources: Resources, given: DemoDeals) -> dict[str, Actor]:
    """Return the accounts of the deals by user name; none if one of them is missing."""
    names = {name for deal in given.deals for name in (deal.by, deal.to) if name}
    async with resources.read_sessions() as session:
        found = {name: await identity.find_actor(session, name) for name in names}
    people = {name: actor for name, actor in found.items() if actor}
    return people if len(people) == len(names) else {}


async def _missing(resources: Resources, people: dict[str, Actor], deals: list[DemoDeal]) -> list[DemoDeal]:
    """Return the deals that their author has not proposed yet."""
    async with resources.read_sessions() as session:
        known = {
            (name, item.title)
            for name, actor in people.items()
            for item in (await hiring.list_direct_deals(session, actor, None, MAX_DEALS)).items
        }
    return [deal for deal in deals if (deal.by, deal.title) not in known]


@asynccontextmanager
async def _sandbox(resources: Resources) -> AsyncGenerator[tuple[Resources, Context]]:
    """Run the trial provider in this process over its own books, because its process starts later."""
    options = replace(options_of(resources.settings), look_seconds=NEVER)
    application = make_sandbox(options)
    async with application.router.lifespan_context(application):
        adapter = SandboxProvider(
            options.public_url, sandbox_api_key(resources.settings), (), transport=httpx.ASGITransport(application)
        )
        try:
            yield replace(resources, payment_provider=adapter), application.state.context
        finally:
            await adapter.close()


async def _save_details(resources: Resources, actor: Actor, given: DemoLegal, context: Context) -> None:
    async with unit_of_work(resources) as uow:
        known = await legal.get_status(uow.session, resources.settings, actor)
        if known.version:
            return
        details = LegalStatusPut(kind=given.kind, country="RU", fields=given.fields, version=0)
        await legal.save_status(uow, actor, details, Caller())
    if given.kind is LegalKind.SELF_EMPLOYED:
        context.provider.permit(given.fields["tax_number"], allowed=True)


async def _agree(resources: Resources, people: dict[str, Actor], deal: DemoDeal, context: Context) -> Play | None:
    """Propose the terms, and accept them; None for an invitation that stays open."""
    author = people[deal.by]
    parts = [part.model_copy(update={"amount": part.amount * MINOR}) for part in deal.milestones]
    terms = DirectDealCreate(
        side=deal.side,
        username=deal.to,
        title=deal.title,
        description=deal.description,
        message=deal.message,
        currency=Currency.RUB,
        milestones=parts,
    )
    async with unit_of_work(resources) as uow:
        invited = await hiring.invite(uow, author, terms)
    if not deal.accepted:
        return None
    settings = resources.settings
    if deal.security_days is not None:
        settings = settings.model_copy(update={"deal_security_days": deal.security_days})
    async with unit_of_work(replace(resources, settings=settings)) as uow:
        agreed = await hiring.accept(uow, people[deal.to], invited.id, DirectDealAccept(version=invited.version))
    contract_id = cast("UUID", agreed.contract_id)
    sides = (people[deal.by], people[deal.to])
    customer, freelancer = sides if deal.side is OwnSide.CUSTOMER else sides[::-1]
    return Play(resources, context, customer, freelancer, contract_id)
