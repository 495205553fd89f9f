"""Dependencies of the forms for messages: what a form with files is for is looked up before they are stored."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.core.http.dependencies import PostedForm
from app.features.authentication.dependencies import CurrentActor
from app.features.chat import service
from app.features.files.dependencies import look_up_before_storing


async def require_conversation(request: Request, conversation_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Look a conversation up for a form with files, in a read transaction that ends before they are stored.

    Raises:
        ConversationNotFoundError: It does not exist or the actor does not take part in it.
    """
    await look_up_before_storing(
        request, form, lambda session: service.require_conversation(session, actor, conversation_id)
    )


async def require_proposal(request: Request, proposal_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Look a proposal up for a form with files, in a read transaction that ends before they are stored.

    Raises:
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
    """
    await look_up_before_storing(request, form, lambda session: service.require_proposal(session, actor, proposal_id))


KnownConversation = Annotated[None, Depends(require_conversation, scope="function")]
KnownProposal = Annotated[None, Depends(require_proposal, scope="function")]
