"""FastAPI dependencies of payments: verified messages of a provider, and what is checked before a withdrawal."""

from typing import Annotated

import structlog
from fastapi import Depends, Request
from prometheus_client import Counter

from app.core.http.dependencies import ProcessResources
from app.core.http.openapi import raises
from app.core.payment_port import Capabilities, WebhookRefused
from app.core.security.address import client_address
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import CurrentSession
from app.features.authentication.errors import ReauthenticationRequiredError
from app.features.payments import workflows
from app.features.payments.errors import UnknownProviderError, WebhookRefusedError
from app.features.payments.rules import provider_name
from app.features.payments.schemas import ReceivedMessage
from app.gateways.payments import payment_provider_of

log = structlog.get_logger()

REFUSED = Counter("iplance_webhooks_refused", "Messages of payment providers that were not believed", ["reason"])


@raises(UnknownProviderError, WebhookRefusedError)
async def verified_message(request: Request, provider: str, resources: ProcessResources) -> ReceivedMessage:
    """Return the message of a provider, whose signature is the proof.

    Raises:
        UnknownProviderError: There is no such provider here.
        WebhookRefusedError: The signature is missing or wrong, or the message is too old.
    """
    if provider != provider_name(resources.settings):
        raise UnknownProviderError
    body = await request.body()
    peer = client_address(request, resources.settings)
    found = payment_provider_of(resources).parse_webhook(request.headers, body, peer)
    if isinstance(found, WebhookRefused):
        REFUSED.labels(found.code).inc()
        await log.awarning("webhook_refused", provider=provider, code=found.code)
        raise WebhookRefusedError
    return ReceivedMessage(provider, tuple(found), body)


@raises(ReauthenticationRequiredError)
async def require_recent_password(view: CurrentSession, resources: ProcessResources) -> None:
    """Let somebody take money out only where the password was entered recently.

    Raises:
        ReauthenticationRequiredError: It was not; `POST /auth/reauthenticate` takes it.
    """
    if not authentication.has_recent_password(resources, view):
        raise ReauthenticationRequiredError


async def provider_limits(resources: ProcessResources) -> Capabilities | None:
    """Return what the provider can do, asked before a transaction opens; None while it does not answer."""
    return await workflows.capabilities(resources)


VerifiedMessage = Annotated[ReceivedMessage, Depends(verified_message)]
RecentPassword = Annotated[None, Depends(require_recent_password)]
ProviderLimits = Annotated[Capabilities | None, Depends(provider_limits)]
"""Place it before `Uow` in a signature."""
