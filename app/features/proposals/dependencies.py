"""Dependencies of the forms of proposals: what a form is for is looked up before its files are stored."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.core.http.dependencies import PostedForm
from app.features.authentication.dependencies import CurrentActor
from app.features.files.dependencies import look_up_before_storing
from app.features.proposals import service


async def require_open_order(request: Request, order_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Check that an order takes a proposal of the actor, before the files of the form are stored.

    Raises:
        OrderNotFoundError: It does not exist, or the actor may not read it.
        OrderNotOpenError: It takes no proposals.
        OwnOrderError: It is the actor's own order.
    """
    key = request.query_params.get("key")
    await look_up_before_storing(
        request, form, lambda session: service.require_open_order(session, actor, order_id, key)
    )


async def require_editable_proposal(request: Request, proposal_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Check that the actor may edit a proposal, before the files of the form are stored.

    Raises:
        ProposalNotFoundError: It does not exist or the actor is neither the freelancer nor the client.
        WrongSideError: The actor is the client.
        ProposalStateError: The proposal can no longer be edited.
    """
    await look_up_before_storing(request, form, lambda session: service.require_editable(session, actor, proposal_id))


OpenOrder = Annotated[None, Depends(require_open_order, scope="function")]
EditableProposal = Annotated[None, Depends(require_editable_proposal, scope="function")]
