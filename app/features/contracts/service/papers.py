"""Papers of a deal, issued in the transaction of what they are about, as the legal statuses of the parties ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.i18n import N_, _, ngettext, use_locale
from app.core.unit_of_work import UnitOfWork
from app.features.contracts.repository import DealRepository, LockedDeal
from app.features.contracts.service import money
from app.features.fees import service as fees
from app.features.legal import service as legal
from app.features.legal.schemas import LegalDetails
from app.features.papers import service as papers
from app.features.papers.schemas import (
    MAX_LINES,
    ContractReference,
    Language,
    NewPaper,
    Occasion,
    Paper,
    PaperLine,
    Role,
)
from app.features.papers.service import StoredPaper
from app.models import Contract, LegalKind, Milestone, MilestoneStatus, PaperKind, ReleaseKind

RESULTS: dict[ReleaseKind, str] = {
    ReleaseKind.ACCEPTED: N_("accepted by the client"),
    ReleaseKind.PART: N_("accepted in part by the client"),
    ReleaseKind.LINES: N_("accepted by lines of the checklist"),
    ReleaseKind.SILENCE: N_("accepted, because the review time ended without objections"),
    ReleaseKind.BONUS: N_("bonus"),
}
KINDS: dict[Occasion, PaperKind] = {
    Occasion.CONTRACT: PaperKind.CONTRACT,
    Occasion.TASK: PaperKind.TASK,
    Occasion.DEPOSIT_INVOICE: PaperKind.INVOICE,
    Occasion.RECEIPT: PaperKind.RECEIPT,
    Occasion.ACT: PaperKind.ACT,
    Occasion.CLIENT_FEE_INVOICE: PaperKind.INVOICE,
    Occasion.FREELANCER_FEE_INVOICE: PaperKind.INVOICE,
    Occasion.CREDIT_NOTE: PaperKind.CREDIT_NOTE,
}
FEE_INVOICES = (Occasion.CLIENT_FEE_INVOICE, Occasion.FREELANCER_FEE_INVOICE)
OF_CLIENT = (Occasion.DEPOSIT_INVOICE, Occasion.RECEIPT, Occasion.CLIENT_FEE_INVOICE, Occasion.CREDIT_NOTE)
"""Papers between the client and the site, which the freelancer does not read."""


class MoveKind(StrEnum):
    """What moved the money of a milestone."""

    PAID_IN = "paid_in"
    RELEASED = "released"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Move:
    """Money of a milestone that has just moved."""

    kind: MoveKind
    milestone: Milestone
    amount: int
    release: ReleaseKind = ReleaseKind.ACCEPTED
    taken: fees.ReleaseFees | None = None
    """The fees of a release as they were posted."""


@dataclass(frozen=True, slots=True)
class _Deal:
    """What all papers of a deal share."""

    contract: Contract
    now: datetime
    parties: Mapping[Role, LegalDetails]
    language: Language
    wanted: frozenset[Occasion]
    reference: ContractReference | None = None


async def issue_agreement(
    uow: UnitOfWork,
    locked: LockedDeal,
    subject: str,
    milestones: Sequence[Milestone],
    details: Mapping[UUID, legal.FrozenKind],
) -> None:
    """Issue the contract and its task, as the last step of the acceptance."""
    deal = _describe(uow, locked, await _parties(uow, [locked], details))
    with use_locale(deal.language):
        stages = [PaperLine(text=_stage(row), amount=row.amount) for row in milestones]
        new = (
            _paper(deal, Occasion.CONTRACT, subject, stages),
            _paper(deal, Occasion.TASK, subject, _task(milestones)),
        )
    await _issue(uow, new)


async def issue_moves(
    uow: UnitOfWork, locked: LockedDeal, *moves: Move, changed: Sequence[Milestone] | None = None
) -> None:
    """Issue the papers of money that has just moved, as the last step of its transaction.

    Args:
        uow: The unit of work.
        locked: The deal.
        moves: What moved; each is counted in its milestone already.
        changed: All milestones, if both sides have just signed a change of the work: the task is issued again.
    """
    earlier = await papers.list_of_contract(uow.session, locked.contract.id)
    agreed, task = _last(earlier, PaperKind.CONTRACT), _last(earlier, PaperKind.TASK)
    if agreed is None:
        return  # agreed on by a release that had no papers: there is nothing that new ones could refer to
    deal = _describe(uow, locked, await _parties(uow, [locked]), agreed)
    new: list[NewPaper | None] = []
    with use_locale(deal.language):
        for move in moves:
            new += _of_move(locked, deal, move, earlier)
        if changed is not None and task is not None:
            subject = str(task.document.input["subtitle"])
            new.append(_paper(deal, Occasion.TASK, subject, _task(changed), corrects=task))
    await _issue(uow, new)


async def issue_releases(uow: UnitOfWork, released: Sequence[tuple[LockedDeal, Move]]) -> None:
    """Issue the papers of releases of several deals, as `issue_moves` would one after the other."""
    earlier = await papers.list_of_contracts(uow.session, {locked.contract.id for locked, _move in released})
    agreed = {key: _last(found, PaperKind.CONTRACT) for key, found in earlier.items()}
    with_papers = [it for it in released if agreed[it[0].contract.id] is not None]
    if not with_papers:
        return
    parties = await _parties(uow, [locked for locked, _move in with_papers])
    new: list[NewPaper | None] = []
    for locked, move in with_papers:
        deal = _describe(uow, locked, parties, agreed[locked.contract.id])
        with use_locale(deal.language):
            new += _of_move(locked, deal, move, earlier[locked.contract.id])
    await _issue(uow, new)


async def _issue(uow: UnitOfWork, new: Iterable[NewPaper | None]) -> None:
    wanted = [paper for paper in new if paper is not None]
    if wanted:
        await papers.issue(uow, *wanted)


def _task(milestones: Sequence[Milestone]) -> list[PaperLine]:
    """Return the checklists of milestones that are not cancelled; a paper has room for so many lines."""
    lines = [
        PaperLine(text=line, note=_("by the client, milestone {number}").format(number=row.number))
        for row in milestones
        if row.status is not MilestoneStatus.CANCELLED
        for line in row.checklist
    ]
    if len(lines) <= MAX_LINES:
        return lines
    rest = _("And {count} more, as the contract on the site shows them").format(count=len(lines) - MAX_LINES + 1)
    return [*lines[: MAX_LINES - 1], PaperLine(text=rest)]


def _of_move(locked: LockedDeal, deal: _Deal, move: Move, earlier: Sequence[StoredPaper]) -> list[NewPaper | None]:
    """Return the papers of one move, in the current language."""
    milestone = move.milestone
    title = _("Milestone {number}: {title}").format(number=milestone.number, title=milestone.title)
    lines = [PaperLine(text=title, amount=move.amount, due=deal.now.date())]
    if move.kind is MoveKind.RELEASED:
        return _of_release(deal, move, title)
    # What is paid in or goes back is counted already, so the fee is that of the way back, or of the way in.
    change = move.amount if move.kind is MoveKind.REFUNDED else -move.amount
    if fee := abs(money.fee_change(locked.deal, milestone, change)):
        lines.append(PaperLine(text=_("Fee of the site"), amount=fee, due=deal.now.date()))
    if move.kind is MoveKind.PAID_IN:
        occasions = (Occasion.DEPOSIT_INVOICE, Occasion.RECEIPT)
        return [_paper(deal, occasion, title, lines, milestone) for occasion in occasions]
    receipt = _last(earlier, PaperKind.RECEIPT, milestone.id)
    if receipt is None:
        return []
    reason = _("Money of the milestone went back to the client")
    return [_paper(deal, Occasion.CREDIT_NOTE, title, lines, milestone, reason=reason, corrects=receipt)]


def _of_release(deal: _Deal, move: Move, title: str) -> list[NewPaper | None]:
    milestone = move.milestone
    accepted = PaperLine(text=title, note=_(RESULTS[move.release]), amount=move.amount)
    taken: dict[Occasion, int] = {}
    if move.taken is not None:
        taken = {Occasion.CLIENT_FEE_INVOICE: move.taken.customer_fee, Occasion.FREELANCER_FEE_INVOICE: move.taken.fee}
    return [_paper(deal, Occasion.ACT, title, [accepted], milestone)] + [
        _paper(deal, occasion, title, [PaperLine(text=_("Fee of the site"), amount=fee)], milestone)
        for occasion, fee in taken.items()
        if fee
    ]


def _paper(  # noqa: PLR0913 - each is one property of the paper
    deal: _Deal,
    occasion: Occasion,
    subject: str,
    lines: list[PaperLine],
    milestone: Milestone | None = None,
    *,
    reason: str = "",
    corrects: StoredPaper | None = None,
) -> NewPaper | None:
    """Return a paper, or None where the legal statuses of the parties ask for none."""
    if occasion not in deal.wanted:
        return None
    contract, parties = deal.contract, dict(deal.parties)
    if occasion is Occasion.FREELANCER_FEE_INVOICE:
        # The client of the site's services is the freelancer here.
        parties[Role.CLIENT] = parties[Role.FREELANCER]
    return NewPaper(
        paper=Paper(
            kind=KINDS[occasion],
            form="fee_invoice" if occasion in FEE_INVOICES else None,
            day=deal.now.date(),
            subject=subject,
            currency=contract.currency,
            parties=parties,
            lines=lines,
            contract=deal.reference,
            reason=reason,
        ),
        language=deal.language,
        contract_id=contract.id,
        milestone_id=milestone.id if milestone is not None else None,
        client_id=None if occasion is Occasion.FREELANCER_FEE_INVOICE else contract.customer_id,
        freelancer_id=None if occasion in OF_CLIENT else contract.freelancer_id,
        corrects_id=corrects.document.id if corrects is not None else None,
    )


async def _parties(
    uow: UnitOfWork, deals: Iterable[LockedDeal], known: Mapping[UUID, legal.FrozenKind] | None = None
) -> dict[UUID, LegalDetails]:
    """Return the parties of deals; one without legal details is a person with the public name."""
    people = {key for it in deals for key in (it.contract.customer_id, it.contract.freelancer_id)}
    settings = uow.resources.settings
    if known is None:
        known = await legal.frozen_kinds(uow.session, settings, people)
    missing = people - known.keys()
    names = await DealRepository(uow.session).names(missing) if missing else {}
    return {key: kind.details for key, kind in known.items()} | {
        key: _named(LegalKind.PERSON, settings.operator_country, legal_name=name) for key, name in names.items()
    }


def _describe(
    uow: UnitOfWork, locked: LockedDeal, people: Mapping[UUID, LegalDetails], agreed: StoredPaper | None = None
) -> _Deal:
    """Return what the papers of a deal share."""
    contract, settings = locked.contract, uow.resources.settings
    client, freelancer = people[contract.customer_id], people[contract.freelancer_id]
    language, wanted = papers.terms_for(client, freelancer)
    platform = _named(
        LegalKind.COMPANY,
        settings.operator_country,
        legal_name=settings.operator_legal_name,
        tax_number=settings.operator_tax_number,
        address=settings.operator_address,
    )
    parties = {Role.CLIENT: client, Role.FREELANCER: freelancer, Role.PLATFORM: platform}
    reference = None
    if agreed is not None:
        day = agreed.document.created_at.date()
        reference = ContractReference(number=papers.read(agreed).number, day=day)
    return _Deal(contract, locked.now, parties, language, wanted, reference)


def _named(kind: LegalKind, country: str, **fields: str) -> LegalDetails:
    return LegalDetails(kind=kind, country=country, fields={name: value for name, value in fields.items() if value})


def _last(earlier: Sequence[StoredPaper], kind: PaperKind, milestone_id: UUID | None = None) -> StoredPaper | None:
    """Return the newest paper of a kind, of a milestone or of the whole contract."""
    found = [
        it
        for it in earlier
        if it.document.kind is kind and it.file is not None and it.file.milestone_id == milestone_id
    ]
    return found[-1] if found else None


def _stage(milestone: Milestone) -> str:
    days = ngettext("{count} day", "{count} days", milestone.days).format(count=milestone.days)
    return f"{milestone.title} ({days})"
