"""How much an account may do within a day: one that is new, or that nothing confirmed reaches, does less."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.errors import RateLimitedError
from app.features.identity import rules
from app.features.identity.errors import NewAccountLimitError
from app.features.identity.repository import UserRepository
from app.features.identity.rules import AccountTrust

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """So many times within any 24 hours, and whose account it is that asks."""

    times: int
    usual: int
    account_trust: AccountTrust
    now: datetime

    @property
    def since(self) -> datetime:
        """The moment since which a day's doings count."""
        return self.now - A_DAY

    def check(self, oldest: datetime | None, error: type[RateLimitedError]) -> None:
        """Refuse where the day is full; `oldest` is when the last but `times` was done, None where there are fewer.

        `error` is told `limit` and `next`, the moment from which there is room again.

        Raises:
            NewAccountLimitError: An older or confirmed account could go on.
            RateLimitedError: Nobody could; the class that was given.
        """
        if oldest is None:
            return
        room_at = oldest + A_DAY
        wait = max(1, int((room_at - self.now).total_seconds()) + 1)
        told = {"limit": self.times, "next": room_at, "until": self.account_trust.new_until}
        if self.times >= self.usual:
            raise error(params=told, retry_after=wait)
        detail = None if self.account_trust.confirmed else NewAccountLimitError.unconfirmed
        raise NewAccountLimitError(detail, params=told, retry_after=wait)


async def account_trust(session: AsyncSession, settings: Settings, user_id: UUID) -> AccountTrust:
    """Return how far an account is trusted by its age and its contacts; one that is gone is as good as new."""
    user = await UserRepository(session).get(user_id)
    created = user.created_at if user else utc_now()
    confirmed = user is not None and (user.email_confirmed_at is not None or user.phone_confirmed_at is not None)
    return rules.account_trust(created, confirmed=confirmed, days=settings.new_account_days)


async def daily_limit(
    session: AsyncSession, settings: Settings, user_id: UUID, *, usual: int, starting: int
) -> DailyLimit:
    """Return how often an account may do a thing within a day; `starting` holds for new and unconfirmed ones."""
    found, now = await account_trust(session, settings, user_id), utc_now()
    times = min(usual, starting) if found.is_new(now) else usual
    return DailyLimit(times, usual, found, now)
