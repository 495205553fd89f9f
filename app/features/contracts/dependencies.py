"""Dependencies of the forms of contracts: what a form is for is looked up before its files are stored."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.core.http.dependencies import PostedForm
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.files.dependencies import look_up_before_storing


async def require_submittable(request: Request, milestone_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Check that the actor may submit work on a milestone, before the files of the form are stored.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the freelancer.
        MilestoneStateError: The milestone is not in work.
        ContractStateError: The contract has ended or is paused.
    """
    await look_up_before_storing(
        request, form, lambda session: service.require_submittable(session, actor, milestone_id)
    )


SubmittableMilestone = Annotated[None, Depends(require_submittable, scope="function")]
