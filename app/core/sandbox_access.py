"""What the site and the sandbox provider of a demonstration share: the key of the API and the first webhook secret."""

from app.core.config import Settings
from app.core.security.webhook_signatures import webhook_secret
from app.local.stored_secret import load_or_create_secret


def sandbox_api_key(settings: Settings) -> str:
    """Return the key of the sandbox provider's API; both processes have the same data folder."""
    return load_or_create_secret(settings.data_dir, "sandbox_api_key")


def sandbox_webhook_secret(settings: Settings) -> str:
    """Return the secret with which the sandbox provider signs at first."""
    return webhook_secret(bytes.fromhex(load_or_create_secret(settings.data_dir, "sandbox_webhook_secret")))
