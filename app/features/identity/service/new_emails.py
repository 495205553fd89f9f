"""What an e-mail address must fulfil before an account gets it: mail must be able to reach it."""

from app.core import account_names
from app.core.account_names import Canonical
from app.core.config import Settings
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.resources import Resources
from app.features.authentication.errors import AccountInputError
from app.gateways.mail import mailer_of

UNREACHABLE = N_("Our mail server cannot send to an address with such letters before the @. Use another address.")


def parse_new_email(typed: str, settings: Settings) -> Canonical:
    """Parse an address that an account is to get; in production its domain must be one of the internet.

    Raises:
        InvalidValue: It is not an address, or cannot receive mail.
    """
    return account_names.email(typed, allow_reserved=settings.environment != "production")


async def refuse_unreachable_mailbox(resources: Resources, address: str) -> None:
    """Refuse a mailbox outside ASCII where the mail server does not take any; it is asked once per process.

    Waits for the mail server, so it is called outside of any transaction.

    Raises:
        AccountInputError: No mail could be sent to this address.
    """
    if account_names.has_unicode_mailbox(address) and not await mailer_of(resources).takes_unicode_mailboxes():
        raise AccountInputError(errors=[FieldError(("body", "email"), UNREACHABLE)])
