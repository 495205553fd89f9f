"""What must have ended before an account may be closed; features above this one say what is still open."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.features.identity.errors import AccountInUseError

type ClosingCheck = Callable[[AsyncSession, UUID], Awaitable[Sequence[str]]]
"""Returns what is still open for a person and what to do about it, in the reader's language; empty: nothing is."""
_registered: dict[str, ClosingCheck] = {}


def register_closing_check(name: str, check: ClosingCheck) -> None:
    """Register what a feature asks before an account is closed, under the name of the feature."""
    _registered[name] = check


async def require_closable(session: AsyncSession, user_id: UUID) -> None:
    """Refuse to close a locked account while something of it is open.

    Raises:
        AccountInUseError: Something is; the text lists all of it.
    """
    reasons = [reason for check in _registered.values() for reason in await check(session, user_id)]
    if reasons:
        raise AccountInUseError(params={"reasons": " ".join(reasons)})
