"""Select the storage of this process."""

import structlog

from app.core.config import Settings
from app.core.ports import Storage
from app.core.resources import Resources
from app.gateways.storage.disk import DiskStorage
from app.gateways.storage.protocol import StorageUnavailableError

log = structlog.get_logger()


def make_storage(settings: Settings) -> Storage:
    """Return the configured storage; only its own heavy libraries are imported."""
    if settings.storage_kind == "supabase":
        from app.gateways.storage.supabase import SupabaseStorage  # noqa: PLC0415 - heavy, and few need it

        return SupabaseStorage(settings)
    if settings.storage_kind == "s3":
        from app.gateways.storage.s3 import S3Storage  # noqa: PLC0415 - heavy, and few need it

        return S3Storage(settings)
    return DiskStorage(settings.data_dir / "files")


async def storage_works(resources: Resources) -> bool:
    """Tell whether the storage takes and returns objects; why not is in the log."""
    try:
        await storage_of(resources).prove()
    except StorageUnavailableError as error:
        log.warning("storage_failed", reason=str(error))
        return False
    return True


def storage_of(resources: Resources) -> Storage:
    """Return the process's storage: the configured one unless the context has another one."""
    if resources.storage is None:
        resources.storage = make_storage(resources.settings)
    return resources.storage
