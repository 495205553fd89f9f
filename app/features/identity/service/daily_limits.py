"""What accounts that are new or have no confirmed contact may do: limits per 24 hours, and a check."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.errors import RateLimitedError
from app.features.authentication import service as authentication
from app.features.identity import rules
from app.features.identity.errors import ContactNotConfirmedError, NewAccountLimitError
from app.features.identity.rules import AccountTrust

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """The number of times an account may do something within any 24 hours."""

    times: int
    usual: int
    account_trust: AccountTrust
    now: datetime

    @property
    def since(self) -> datetime:
        """The start of the 24-hour window."""
        return self.now - A_DAY

    def check(self, oldest: datetime | None, error: type[RateLimitedError]) -> None:
        """Raise when the limit is reached.

        Args:
            oldest: The time of the `times`-th latest action; None if there are fewer.
            error: The error class for accounts with the usual limit. Its parameters include `limit` and `next`, the
                time from which the next action is allowed.

        Raises:
            NewAccountLimitError: The limit of new or unconfirmed accounts is reached.
            RateLimitedError: The usual limit is reached; an instance of `error`.
        """
        if oldest is None:
            return
        allowed_at = oldest + A_DAY
        wait = max(1, int((allowed_at - self.now).total_seconds()) + 1)
        details = {"limit": self.times, "next": allowed_at, "until": self.account_trust.new_until}
        if self.times >= self.usual:
            raise error(params=details, retry_after=wait)
        detail = None if self.account_trust.confirmed else NewAccountLimitError.unconfirmed
        raise NewAccountLimitError(detail, params=details, retry_after=wait)


async def account_trust(session: AsyncSession, settings: Settings, user_id: UUID) -> AccountTrust:
    """Return the trust in an account by its age and confirmed contacts; a missing account counts as new."""
    user = await authentication.get_user(session, user_id)
    created = user.created_at if user else utc_now()
    confirmed = user is not None and (user.email_confirmed_at is not None or user.phone_confirmed_at is not None)
    return rules.account_trust(created, confirmed=confirmed, days=settings.new_account_days)


def require_confirmed(actor: Actor) -> None:
    """Refuse an action that mails somebody who did not ask for it.

    Raises:
        ContactNotConfirmedError: The account has no confirmed e-mail address or phone number.
    """
    if not actor.confirmed:
        raise ContactNotConfirmedError


async def daily_limit(
    session: AsyncSession, settings: Settings, user_id: UUID, *, usual: int, starting: int
) -> DailyLimit:
    """Return the limit of an account per 24 hours; `starting` applies to new and unconfirmed accounts."""
    found, now = await account_trust(session, settings, user_id), utc_now()
    times = min(usual, starting) if found.is_new(now) else usual
    return DailyLimit(times, usual, found, now)
