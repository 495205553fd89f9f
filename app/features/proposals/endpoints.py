"""The JSON face of proposals."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.actor import Actor
from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.dependencies import CurrentActor
from app.features.files.errors import InvalidFilesError
from app.features.identity.errors import NewAccountLimitError
from app.features.orders.errors import OrderFullError, OrderNotFoundError, OrderNotOpenError
from app.features.proposals import service
from app.features.proposals.errors import (
    AlreadyProposedError,
    CoverLetterTemplateNotFoundError,
    DeclinedBeforeError,
    InvalidProposalError,
    OfferLapsedError,
    OfferNotFoundError,
    OfferPendingError,
    OfferStateError,
    OwnOrderError,
    ProposalChangedError,
    ProposalNotFoundError,
    ProposalStateError,
    SimilarCoverLettersError,
    TooManyCoverLetterTemplatesError,
    TooManyProposalsError,
    UnknownProposalsError,
    WrongSideError,
)
from app.features.proposals.schemas import (
    CoverLetterTemplateList,
    CoverLetterTemplateRead,
    CoverLetterTemplateWrite,
    EarlierProposals,
    OfferCounter,
    OfferCreate,
    OfferDecline,
    OfferList,
    OfferRead,
    ProposalCreate,
    ProposalDecline,
    ProposalListQuery,
    ProposalNote,
    ProposalPatch,
    ProposalRead,
    ProposalsDecline,
    ProposalsDeclined,
    ProposalsSeen,
    SeenCount,
)
from app.models import Offer, Proposal

router = FeatureRouter(tags=["proposals"])

SIDE = (ProposalNotFoundError, WrongSideError, ProposalStateError)
ANSWER = (OfferNotFoundError, OfferStateError, OfferLapsedError, WrongSideError)
SENDING = (
    OrderNotFoundError,
    OrderFullError,
    OrderNotOpenError,
    OwnOrderError,
    AlreadyProposedError,
    DeclinedBeforeError,
    InvalidProposalError,
    InvalidFilesError,
    SimilarCoverLettersError,
    TooManyProposalsError,
    NewAccountLimitError,
)
Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Ids = Annotated[list[UUID] | None, Query(max_length=20, description="up to four proposals of the order")]
Key = Annotated[str | None, Query(max_length=100, description="of the link of an order that is not public")]


async def _one(uow: UnitOfWork, actor: Actor, proposal: Proposal) -> ProposalRead:
    return (await service.present(uow.session, actor, [proposal]))[0]


@router.post("/orders/{order_id:uuid}/proposals", status_code=HTTPStatus.CREATED, responses=refusals(*SENDING))
async def send_proposal(
    order_id: UUID, command: ProposalCreate, actor: CurrentActor, uow: Uow, key: Key = None
) -> ProposalRead:
    """Answer an open order."""
    return await _one(uow, actor, await service.send_proposal(uow, actor, order_id, command, key))


@router.get("/orders/{order_id:uuid}/proposals", responses=refusals(OrderNotFoundError, BadCursorError))
async def list_order_proposals(
    order_id: UUID, actor: CurrentActor, session: ReadSession, query: Annotated[ProposalListQuery, Query()]
) -> Page[ProposalRead]:
    """List an order's proposals: its customer sees all, a freelancer their own, anybody else nothing.

    Sorting and narrowing is for the customer; a freelancer has few of their own.
    """
    page = await service.list_order_proposals(session, actor, order_id, query.cursor, query.limit, query)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/orders/{order_id:uuid}/proposals/compared",
    responses=refusals(OrderNotFoundError, UnknownProposalsError),
)
async def compare_proposals(
    order_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    ids: Ids = None,
) -> list[ProposalRead]:
    """Return up to four proposals of your own order, to be looked at side by side."""
    return await service.compare_proposals(session, actor, order_id, ids or [])


@router.post("/orders/{order_id:uuid}/proposals/seen", responses=refusals(OrderNotFoundError))
async def mark_proposals_seen(order_id: UUID, command: ProposalsSeen, actor: CurrentActor, uow: Uow) -> SeenCount:
    """Say which proposals of your order you have had on the screen; their freelancers see it."""
    return SeenCount(count=await service.mark_seen(uow, actor, order_id, command.proposals))


@router.post(
    "/orders/{order_id:uuid}/proposals/decline",
    responses=refusals(OrderNotFoundError, UnknownProposalsError, ProposalStateError),
)
async def decline_proposals(
    order_id: UUID, command: ProposalsDecline, actor: CurrentActor, uow: Uow
) -> ProposalsDeclined:
    """Say no to several proposals of your order at once; what was decided already stays as it is."""
    return await service.decline_proposals(uow, actor, order_id, command)


@router.get("/proposals/mine", responses=refusals(BadCursorError))
async def list_own_proposals(
    actor: CurrentActor, session: ReadSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ProposalRead]:
    """List your own proposals in every state, newest first."""
    page = await service.list_own_proposals(session, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get("/proposals/{proposal_id:uuid}", responses=refusals(ProposalNotFoundError))
async def get_proposal(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> ProposalRead:
    """Return one proposal to its freelancer or to the order's customer."""
    return await service.get_proposal(session, actor, proposal_id)


@router.get("/proposals/{proposal_id:uuid}/revisions", responses=refusals(ProposalNotFoundError))
async def list_proposal_revisions(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> EarlierProposals:
    """Return what a proposal said before its edits, newest first."""
    return EarlierProposals(items=await service.list_revisions(session, actor, proposal_id))


@router.patch(
    "/proposals/{proposal_id:uuid}",
    responses=refusals(*SIDE, InvalidProposalError, InvalidFilesError, ProposalChangedError),
)
async def edit_proposal(proposal_id: UUID, command: ProposalPatch, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Change your undecided proposal."""
    return await _one(uow, actor, await service.edit_proposal(uow, actor, proposal_id, command))


@router.post("/proposals/{proposal_id:uuid}/decline", responses=refusals(*SIDE))
async def decline_proposal(
    proposal_id: UUID, actor: CurrentActor, uow: Uow, command: ProposalDecline | None = None
) -> ProposalRead:
    """Say no to a proposal for your order."""
    proposal = await service.decline_proposal(uow, actor, proposal_id, command or ProposalDecline())
    return await _one(uow, actor, proposal)


@router.post("/proposals/{proposal_id:uuid}/withdraw", responses=refusals(*SIDE))
async def withdraw_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Take your undecided proposal back."""
    return await _one(uow, actor, await service.withdraw_proposal(uow, actor, proposal_id))


@router.put("/proposals/{proposal_id:uuid}/shortlist", responses=refusals(*SIDE))
async def shortlist_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Put a proposal for your order on the short list; its freelancer is told the first time."""
    return await _one(uow, actor, await service.shortlist_proposal(uow, actor, proposal_id))


@router.delete("/proposals/{proposal_id:uuid}/shortlist", responses=refusals(*SIDE))
async def unlist_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Take a proposal off the short list."""
    return await _one(uow, actor, await service.unlist_proposal(uow, actor, proposal_id))


@router.put("/proposals/{proposal_id:uuid}/note", responses=refusals(ProposalNotFoundError, WrongSideError))
async def save_proposal_note(proposal_id: UUID, command: ProposalNote, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Keep a note of your own beside a proposal; nobody else reads it."""
    return await _one(uow, actor, await service.save_proposal_note(uow, actor, proposal_id, command))


async def _offer(uow: UnitOfWork, actor: Actor, offer: Offer) -> OfferRead:
    return await service.present_offer(uow.session, actor, offer)


@router.post(
    "/proposals/{proposal_id:uuid}/offers",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*SIDE, ProposalChangedError, InvalidProposalError, OfferPendingError),
)
async def make_offer(proposal_id: UUID, command: OfferCreate, actor: CurrentActor, uow: Uow) -> OfferRead:
    """Put terms of your own before the freelancer; one offer of an order waits at a time."""
    return await _offer(uow, actor, await service.make_offer(uow, actor, proposal_id, command))


@router.get("/proposals/{proposal_id:uuid}/offers", responses=refusals(ProposalNotFoundError))
async def list_offers(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> OfferList:
    """List every offer of a proposal, oldest first; the agreed one is accepted."""
    return OfferList(items=await service.list_offers(session, actor, proposal_id))


@router.get("/offers/{offer_id:uuid}", responses=refusals(OfferNotFoundError))
async def get_offer(offer_id: UUID, actor: CurrentActor, session: ReadSession) -> OfferRead:
    """Return one offer to its two sides."""
    return await service.get_offer(session, actor, offer_id)


@router.post(
    "/offers/{offer_id:uuid}/counter",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*ANSWER, InvalidProposalError),
)
async def counter_offer(offer_id: UUID, command: OfferCounter, actor: CurrentActor, uow: Uow) -> OfferRead:
    """Answer with other terms; the offer you answer ends, and yours waits."""
    return await _offer(uow, actor, await service.counter_offer(uow, actor, offer_id, command))


@router.post("/offers/{offer_id:uuid}/decline", responses=refusals(*ANSWER))
async def decline_offer(
    offer_id: UUID, actor: CurrentActor, uow: Uow, command: OfferDecline | None = None
) -> OfferRead:
    """Say no to the terms; the proposal stays as it stands."""
    return await _offer(uow, actor, await service.decline_offer(uow, actor, offer_id, command or OfferDecline()))


@router.post("/offers/{offer_id:uuid}/withdraw", responses=refusals(*ANSWER))
async def withdraw_offer(offer_id: UUID, actor: CurrentActor, uow: Uow) -> OfferRead:
    """Take terms of your own back."""
    return await _offer(uow, actor, await service.withdraw_offer(uow, actor, offer_id))


@router.get("/letter-templates")
async def list_cover_letter_templates(actor: CurrentActor, session: ReadSession) -> CoverLetterTemplateList:
    """List the letters that you keep to begin proposals with."""
    return CoverLetterTemplateList(items=await service.list_cover_letter_templates(session, actor))


@router.post("/letter-templates", status_code=HTTPStatus.CREATED, responses=refusals(TooManyCoverLetterTemplatesError))
async def save_cover_letter_template(
    command: CoverLetterTemplateWrite, actor: CurrentActor, uow: Uow
) -> CoverLetterTemplateRead:
    """Keep a letter under a name."""
    return CoverLetterTemplateRead.model_validate(await service.save_cover_letter_template(uow, actor, command))


@router.put("/letter-templates/{letter_id:uuid}", responses=refusals(CoverLetterTemplateNotFoundError))
async def edit_cover_letter_template(
    letter_id: UUID, command: CoverLetterTemplateWrite, actor: CurrentActor, uow: Uow
) -> CoverLetterTemplateRead:
    """Change a letter of yours."""
    return CoverLetterTemplateRead.model_validate(
        await service.edit_cover_letter_template(uow, actor, letter_id, command)
    )


@router.delete(
    "/letter-templates/{letter_id:uuid}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(CoverLetterTemplateNotFoundError),
)
async def delete_cover_letter_template(letter_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Forget a letter of yours."""
    await service.delete_cover_letter_template(uow, actor, letter_id)
