"""Starts the bundled PostgreSQL and Valkey when no address is configured."""

from dataclasses import dataclass

from app.core.config import Settings


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """Where the two servers are."""

    database_url: str
    redis_url: str


def ensure_servers(settings: Settings) -> ServerAddresses:
    """Return the configured addresses."""
    if settings.database_url is None or settings.redis_url is None:
        raise RuntimeError("DATABASE_URL and REDIS_URL are needed")
    return ServerAddresses(settings.database_url.get_secret_value(), settings.redis_url.get_secret_value())
