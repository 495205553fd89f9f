"""The JSON routes by which both sides agree."""

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
async def accept_proposal(
    proposal_id: UUID, actor: CurrentActor, uow: Uow, command: ProposalAccept | None = None
) -> ProposalRead:
    """Choose a proposal for your order; the others are declined."""
    version = command.version if command else None
    proposal = await service.accept_proposal(uow, actor, proposal_id, version)
    return (await proposals.present(uow.session, actor, [proposal]))[0]


@router.post("/offers/{offer_id:uuid}/accept", responses=refusals(*ANSWER, OrderChangedError))
async def accept_offer(offer_id: UUID, actor: CurrentActor, uow: Uow, command: OfferAccept | None = None) -> OfferRead:
    """Agree to the terms; the order closes to others."""
    version = command.order_version if command else None
    offer = await service.accept_offer(uow, actor, offer_id, version)
    return await proposals.present_offer(uow.session, actor, offer)
