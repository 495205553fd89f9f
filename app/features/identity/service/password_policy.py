"""The policy for new passwords."""

from collections.abc import Sequence

import structlog

from app.core.resources import Resources
from app.core.security.passwords import nfc
from app.features.authentication.errors import AccountInputError
from app.features.identity import rules
from app.features.identity.errors import PasswordServiceError
from app.gateways.breached_passwords import BreachedServiceError, breached_passwords

log = structlog.get_logger()


async def check_password_policy(
    resources: Resources, password: str, personal_words: Sequence[str], *, loc: str
) -> bool:
    """Refuse a weak or breached password; return True if the breach check was not available.

    Raises:
        AccountInputError: The password is too short, common, breached, or made of the user's own data.
        PasswordServiceError: The service of breached passwords does not answer, and the settings require its check.
    """
    settings = resources.settings
    problems = rules.password_problems(password, personal_words, shortest=settings.password_min_length, loc=loc)
    if problems:
        raise AccountInputError(errors=problems)
    service = breached_passwords(settings)
    try:
        breached = await service.holds(nfc(password))
    except BreachedServiceError as away:
        await log.awarning("breached_service_away")
        if settings.breached_passwords_required:
            raise PasswordServiceError from away
        return True
    if breached:
        raise AccountInputError(errors=[rules.breached(loc)])
    return False
