"""Whether contracts of a person must end before the account may be closed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.i18n import ngettext
from app.features.contracts import rules
from app.features.contracts.repository import ContractReadRepository
from app.features.identity import service as identity


async def what_is_open(session: AsyncSession, user_id: UUID) -> Sequence[str]:
    """Return that the person has contracts with a safe deal that have not ended, and what to do about it."""
    count = await ContractReadRepository(session).open_deals(user_id, rules.OPEN_DEAL)
    if not count:
        return []
    return [
        ngettext(
            "You have {count} contract that has not ended: finish its work, or end it and settle what is held.",
            "You have {count} contracts that have not ended: finish their work, or end them and settle what is held.",
            count,
        ).format(count=count)
    ]


identity.register_closing_check("contracts", what_is_open)
