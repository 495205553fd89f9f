"""Public registries of taxpayers: an error, and the null implementation, which asks nobody."""

from datetime import date
from typing import override

from app.core.ports import StatusRegistry
from app.core.resources import Resources


class RegistryUnavailableError(Exception):
    """A registry does not answer; ask again later."""


class NullStatusRegistry(StatusRegistry):
    """Asks nobody: statuses stay unchecked."""

    @property
    @override
    def registries(self) -> frozenset[str]:
        return frozenset()

    @override
    async def is_registered(self, registry: str, number: str, day: date) -> bool:
        raise RegistryUnavailableError(registry)


def status_registry_of(resources: Resources) -> StatusRegistry:
    """Return the process's registry."""
    if resources.status_registry is None:
        resources.status_registry = NullStatusRegistry()
    return resources.status_registry
