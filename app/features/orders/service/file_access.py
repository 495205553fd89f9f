"""Who may download the files of an order: whoever may open the order at that moment."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.security.signing import Signer
from app.features.files import service as files
from app.features.orders import policy
from app.features.orders.repository import OrderRepository
from app.models import Order, Visibility
from app.models.file import SubjectKind

_SIGNER = Signer("order-file-grant", 12)


def grant_of(actor: Actor | None, order: Order) -> str:
    """Return what a link to a file of an order says of the share key by which its reader came; empty without a key.

    It is valid until the key is renewed, and tells nobody the key.
    """
    if order.visibility is not Visibility.LINK or order.share_key is None or policy.is_customer(actor, order):
        return ""
    return _SIGNER.text(get_settings(), str(order.id), order.share_key)


async def may_read_files(session: AsyncSession, reader: Actor | None, order_id: UUID, grant: str) -> bool:
    """Tell whether the reader of a link may open the order now."""
    found = await OrderRepository(session).get(order_id, reader.id if reader else None)
    if found is None:
        return False
    order = found.order
    has_key = (
        order.visibility is Visibility.LINK
        and order.share_key is not None
        and _SIGNER.verifies_text(get_settings(), grant, str(order.id), order.share_key)
    )
    return policy.can_open(reader, order, was_admitted=found.was_admitted, has_key=has_key)


files.register_read_check(SubjectKind.ORDER, may_read_files)
