"""Which storage this process uses."""

from typing import cast

from app.core.config import Settings
from app.core.resources import Resources
from app.gateways.storage.contract import Storage
from app.gateways.storage.disk import DiskStorage

EXTRA = "storage"


def _made(settings: Settings) -> Storage:
    return DiskStorage(settings.data_dir / "files")


def storage_of(resources: Resources) -> Storage:
    """Return the process's storage: the configured one unless something else was put there."""
    if EXTRA not in resources.extras:
        resources.extras[EXTRA] = _made(resources.settings)
    return cast("Storage", resources.extras[EXTRA])
