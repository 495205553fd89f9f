"""Dependencies of the forms of orders: an order is looked up before the files of a form are stored."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.core.http.dependencies import PostedForm
from app.features.authentication.dependencies import CurrentActor
from app.features.files.dependencies import look_up_before_storing
from app.features.orders import service


async def require_editable_order(request: Request, order_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Check that the actor may edit an order, before the files of the form are stored.

    Raises:
        OrderNotFoundError: It does not exist, or the actor may not read it.
        NotOrderCustomerError: It belongs to another person.
        OrderHeldError: The order is held.
        OrderStateError: The order can no longer be edited.
    """
    await look_up_before_storing(request, form, lambda session: service.require_editable(session, actor, order_id))


EditableOrder = Annotated[None, Depends(require_editable_order, scope="function")]
