"""Payment providers: the sandbox of a demonstration, and the one of an instance that has none."""

from datetime import datetime

from app.core.config import Settings
from app.core.payment_port import PaymentProvider
from app.core.resources import Resources
from app.core.sandbox_access import sandbox_api_key, sandbox_webhook_secret
from app.gateways.payments.none import NullPaymentProvider


def make_payment_provider(settings: Settings) -> PaymentProvider:
    """Create the configured provider; production has none of its own yet."""
    if not settings.runs_sandbox:
        return NullPaymentProvider()
    from app.gateways.payments.sandbox import SandboxProvider  # noqa: PLC0415 - HTTP clients cost megabytes

    further = (each.strip() for each in settings.payment_webhook_secrets.get_secret_value().split(","))
    secrets = (sandbox_webhook_secret(settings), *(each for each in further if each))
    return SandboxProvider(settings.sandbox_address, sandbox_api_key(settings), secrets)


async def turn_provider_clock(settings: Settings, now: datetime) -> bool | None:
    """Turn the clock of the sandbox forward to a time; return whether it has that time, None without a sandbox."""
    if not settings.runs_sandbox:
        return None
    from app.gateways.payments.sandbox import SandboxProvider  # noqa: PLC0415 - HTTP clients cost megabytes

    provider = SandboxProvider(settings.sandbox_address, sandbox_api_key(settings), ())
    try:
        return await provider.turn_clock_to(now)
    finally:
        await provider.close()


def payment_provider_of(resources: Resources) -> PaymentProvider:
    """Return the provider of the process; the first call creates it, and it is closed with the resources."""
    if resources.payment_provider is None:
        resources.payment_provider = make_payment_provider(resources.settings)
        resources.closers.append(resources.payment_provider.close)
    return resources.payment_provider
