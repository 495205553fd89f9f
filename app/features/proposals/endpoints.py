"""JSON endpoints of proposals, offers and cover letter templates."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.actor import Actor
from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.whole_numbers import WholeNumber
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
Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]
Limit = Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)]
Ids = Annotated[list[UUID] | None, Query(max_length=20, description="Ids of one to four proposals of the order.")]
Key = Annotated[str | None, Query(max_length=100, description="Share key from the link of an unlisted order.")]


async def _one(uow: UnitOfWork, actor: Actor, proposal: Proposal) -> ProposalRead:
    return (await service.present(uow.session, actor, [proposal]))[0]


@router.post("/orders/{order_id:uuid}/proposals", status_code=HTTPStatus.CREATED, responses=refusals(*SENDING))
async def send_proposal(
    order_id: UUID, command: ProposalCreate, actor: CurrentActor, uow: Uow, key: Key = None
) -> ProposalRead:
    """Send a proposal to an open order of somebody else and return it.

    `key` is needed for an order that is not public. Responds 404 when the order does not exist or is not visible to
    you, 409 when it is not open or accepts no more proposals, when you already have an active proposal for it, or when
    its client declined an earlier one, 429 at the daily limit.
    """
    return await _one(uow, actor, await service.send_proposal(uow, actor, order_id, command, key))


@router.get("/orders/{order_id:uuid}/proposals", responses=refusals(OrderNotFoundError, BadCursorError))
async def list_order_proposals(
    order_id: UUID, actor: CurrentActor, session: ReadSession, query: Annotated[ProposalListQuery, Query()]
) -> Page[ProposalRead]:
    """List the proposals of an order. The order's client sees all of them, a freelancer only their own.

    Sorting and filtering apply to the client only; a freelancer's proposals come newest first. Responds 404 when
    you are not the client and have sent no proposal.
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
    """Return one to four proposals of your own order, in the order of `ids`.

    Responds 404 for orders of other people.
    """
    return await service.compare_proposals(session, actor, order_id, ids or [])


@router.post("/orders/{order_id:uuid}/proposals/seen", responses=refusals(OrderNotFoundError))
async def mark_proposals_seen(order_id: UUID, command: ProposalsSeen, actor: CurrentActor, uow: Uow) -> SeenCount:
    """Mark proposals of your order as seen and return how many were new. Their freelancers can see when you saw them.

    Ids that do not belong to the order, and proposals already seen, are ignored. Responds 404 for orders of other
    people.
    """
    return SeenCount(count=await service.mark_seen(uow, actor, order_id, command.proposals))


@router.post(
    "/orders/{order_id:uuid}/proposals/decline",
    responses=refusals(OrderNotFoundError, UnknownProposalsError, ProposalStateError),
)
async def decline_proposals(
    order_id: UUID, command: ProposalsDecline, actor: CurrentActor, uow: Uow
) -> ProposalsDeclined:
    """Decline several proposals of your order with one reason. Proposals that are already decided are left unchanged.

    Responds 404 for orders of other people, 409 when the order is not open.
    """
    declined = [row.id for row in await service.decline_proposals(uow, actor, order_id, command)]
    left = [key for key in dict.fromkeys(command.proposals) if key not in declined]
    return ProposalsDeclined(declined=declined, left=left)


@router.get("/proposals/mine", responses=refusals(BadCursorError))
async def list_own_proposals(
    actor: CurrentActor, session: ReadSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ProposalRead]:
    """List your own proposals in every state, newest first."""
    page = await service.list_own_proposals(session, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get("/proposals/{proposal_id:uuid}", responses=refusals(ProposalNotFoundError))
async def get_proposal(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> ProposalRead:
    """Return one proposal, to its freelancer or to the order's client. Responds 404 to anybody else."""
    return await service.get_proposal(session, actor, proposal_id)


@router.get("/proposals/{proposal_id:uuid}/revisions", responses=refusals(ProposalNotFoundError))
async def list_proposal_revisions(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> EarlierProposals:
    """Return the earlier versions of a proposal, newest first.

    Responds 404 when you are neither its freelancer nor the order's client.
    """
    return EarlierProposals(items=await service.list_revisions(session, actor, proposal_id))


@router.patch(
    "/proposals/{proposal_id:uuid}",
    responses=refusals(*SIDE, InvalidProposalError, InvalidFilesError, ProposalChangedError, TooManyTriesError),
)
async def edit_proposal(proposal_id: UUID, command: ProposalPatch, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Edit your undecided proposal and return it. Omitted fields keep their values.

    Responds 404 when you are neither the freelancer nor the client, 409 when the proposal's state does not allow edits,
    when its order is not open, or when `version` is not the current version.
    """
    return await _one(uow, actor, await service.edit_proposal(uow, actor, proposal_id, command))


@router.post("/proposals/{proposal_id:uuid}/decline", responses=refusals(*SIDE))
async def decline_proposal(
    proposal_id: UUID, actor: CurrentActor, uow: Uow, command: ProposalDecline | None = None
) -> ProposalRead:
    """Decline a proposal for your order and return it.

    Responds 404 when you are neither the freelancer nor the client, 409 when the proposal is already decided or the
    order is not open.
    """
    proposal = await service.decline_proposal(uow, actor, proposal_id, command or ProposalDecline())
    return await _one(uow, actor, proposal)


@router.post("/proposals/{proposal_id:uuid}/withdraw", responses=refusals(*SIDE))
async def withdraw_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Withdraw your undecided proposal and return it.

    Responds 404 when you are neither the freelancer nor the client, 409 when the proposal is already decided or its
    order is not open.
    """
    return await _one(uow, actor, await service.withdraw_proposal(uow, actor, proposal_id))


@router.put("/proposals/{proposal_id:uuid}/shortlist", responses=refusals(*SIDE, TooManyTriesError))
async def shortlist_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Add a proposal for your order to the shortlist and return it. Its freelancer is notified the first time.

    Responds 404 when you are neither the freelancer nor the client, 409 when the proposal's state or the order does not
    allow it.
    """
    return await _one(uow, actor, await service.shortlist_proposal(uow, actor, proposal_id))


@router.delete("/proposals/{proposal_id:uuid}/shortlist", responses=refusals(*SIDE, TooManyTriesError))
async def unlist_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Remove a proposal from the shortlist and return it. Its freelancer is not notified.

    Responds 404 when you are neither the freelancer nor the client, 409 when the proposal is not on the shortlist or
    the order is not open.
    """
    return await _one(uow, actor, await service.unlist_proposal(uow, actor, proposal_id))


@router.put("/proposals/{proposal_id:uuid}/note", responses=refusals(ProposalNotFoundError, WrongSideError))
async def save_proposal_note(proposal_id: UUID, command: ProposalNote, actor: CurrentActor, uow: Uow) -> ProposalRead:
    """Save your private note on a proposal for your order and return the proposal. Only you can read the note.

    Responds 404 when you are neither the freelancer nor the client.
    """
    return await _one(uow, actor, await service.save_proposal_note(uow, actor, proposal_id, command))


async def _offer(uow: UnitOfWork, actor: Actor, offer: Offer) -> OfferRead:
    return await service.present_offer(uow.session, actor, offer)


@router.post(
    "/proposals/{proposal_id:uuid}/offers",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*SIDE, ProposalChangedError, InvalidProposalError, OfferPendingError, TooManyTriesError),
)
async def make_offer(proposal_id: UUID, command: OfferCreate, actor: CurrentActor, uow: Uow) -> OfferRead:
    """Offer terms to the freelancer of a proposal for your order and return the offer.

    An order can have one open offer at a time. Responds 404 when you are neither the freelancer nor the client, 409
    when another offer is open, the proposal or the order is in another state, or `version` is not the current version.
    """
    return await _offer(uow, actor, await service.make_offer(uow, actor, proposal_id, command))


@router.get("/proposals/{proposal_id:uuid}/offers", responses=refusals(ProposalNotFoundError))
async def list_offers(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> OfferList:
    """List all offers of a proposal, oldest first. The agreed one has the status `accepted`.

    Responds 404 when you are neither its freelancer nor the order's client.
    """
    return OfferList(items=await service.list_offers(session, actor, proposal_id))


@router.get("/offers/{offer_id:uuid}", responses=refusals(OfferNotFoundError))
async def get_offer(offer_id: UUID, actor: CurrentActor, session: ReadSession) -> OfferRead:
    """Return one offer, to the freelancer or to the order's client. Responds 404 to anybody else."""
    return await service.get_offer(session, actor, offer_id)


@router.post(
    "/offers/{offer_id:uuid}/counter",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*ANSWER, InvalidProposalError, TooManyTriesError),
)
async def counter_offer(offer_id: UUID, command: OfferCounter, actor: CurrentActor, uow: Uow) -> OfferRead:
    """Answer an offer with a counter-offer and return the new offer. The answered offer is closed.

    Only the side that received the offer may answer it. Responds 404 when you are on neither side, 409 when the offer
    is no longer open or has expired.
    """
    return await _offer(uow, actor, await service.counter_offer(uow, actor, offer_id, command))


@router.post("/offers/{offer_id:uuid}/decline", responses=refusals(*ANSWER))
async def decline_offer(
    offer_id: UUID, actor: CurrentActor, uow: Uow, command: OfferDecline | None = None
) -> OfferRead:
    """Decline an offer and return it. The proposal keeps its own terms.

    Only the side that received the offer may decline it. Responds 404 when you are on neither side, 409 when the offer
    is no longer open or has expired.
    """
    return await _offer(uow, actor, await service.decline_offer(uow, actor, offer_id, command or OfferDecline()))


@router.post("/offers/{offer_id:uuid}/withdraw", responses=refusals(*ANSWER))
async def withdraw_offer(offer_id: UUID, actor: CurrentActor, uow: Uow) -> OfferRead:
    """Withdraw an offer of your own and return it.

    Responds 404 when you are on neither side, 409 when the offer is no longer open or has expired.
    """
    return await _offer(uow, actor, await service.withdraw_offer(uow, actor, offer_id))


@router.get("/letter-templates")
async def list_cover_letter_templates(actor: CurrentActor, session: ReadSession) -> CoverLetterTemplateList:
    """List your cover letter templates, newest first."""
    return CoverLetterTemplateList(items=await service.list_cover_letter_templates(session, actor))


@router.post("/letter-templates", status_code=HTTPStatus.CREATED, responses=refusals(TooManyCoverLetterTemplatesError))
async def save_cover_letter_template(
    command: CoverLetterTemplateWrite, actor: CurrentActor, uow: Uow
) -> CoverLetterTemplateRead:
    """Save a cover letter template and return it. Responds 409 when you have as many templates as allowed."""
    return CoverLetterTemplateRead.model_validate(await service.save_cover_letter_template(uow, actor, command))


@router.put("/letter-templates/{letter_id:uuid}", responses=refusals(CoverLetterTemplateNotFoundError))
async def edit_cover_letter_template(
    letter_id: UUID, command: CoverLetterTemplateWrite, actor: CurrentActor, uow: Uow
) -> CoverLetterTemplateRead:
    """Replace the name and text of one of your cover letter templates. Responds 404 for templates of other people."""
    return CoverLetterTemplateRead.model_validate(
        await service.edit_cover_letter_template(uow, actor, letter_id, command)
    )


@router.delete(
    "/letter-templates/{letter_id:uuid}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(CoverLetterTemplateNotFoundError),
)
async def delete_cover_letter_template(letter_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Delete one of your cover letter templates. Responds 404 for templates of other people."""
    await service.delete_cover_letter_template(uow, actor, letter_id)
