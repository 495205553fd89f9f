"""JSON endpoints for accepting a proposal or an offer."""

from uuid import UUID

from app.core.http.dependencies import FeatureRouter, Uow
from app.core.http.problem_details import refusals
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.orders.errors import OrderChangedError
from app.features.proposals import service as proposals
from app.features.proposals.errors import (
    OfferLapsedError,
    OfferNotFoundError,
    OfferPendingError,
    OfferStateError,
    ProposalChangedError,
    ProposalNotFoundError,
    ProposalStateError,
    WrongSideError,
)
from app.features.proposals.schemas import OfferAccept, OfferRead, ProposalAccept, ProposalRead

router = FeatureRouter(tags=["proposals"])

SIDE = (ProposalNotFoundError, WrongSideError, ProposalStateError)
ANSWER = (OfferNotFoundError, OfferStateError, OfferLapsedError, WrongSideError)


@router.post("/proposals/{proposal_id:uuid}/accept", responses=refusals(*SIDE, ProposalChangedError, OfferPendingError))
async def accept_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow, command: ProposalAccept) -> ProposalRead:
    """Accept a proposal for your order and return it. The order is awarded and its other proposals are declined.

    Only the order's client may accept. Responds 404 when you are neither the freelancer nor the client, 409 when the
    proposal or its order is already decided, an offer is waiting for an answer, or `version` is not the current one.
    """
    choice = await service.accept_proposal(uow, actor, proposal_id, command.version)
    return (await proposals.present(uow.session, actor, [choice.proposal], [choice.offer]))[0]


@router.post("/offers/{offer_id:uuid}/accept", responses=refusals(*ANSWER, OrderChangedError))
async def accept_offer(offer_id: UUID, actor: CurrentActor, uow: Uow, command: OfferAccept) -> OfferRead:
    """Accept an offer and return it. The order is awarded and its other proposals are declined.

    Only the side that received the offer may accept it. Responds 404 when you are on neither side, 409 when the offer
    is no longer open or has expired, or `order_version` is not the current version of the order.
    """
    offer = await service.accept_offer(uow, actor, offer_id, command.order_version)
    return await proposals.present_offer(uow.session, actor, offer)
