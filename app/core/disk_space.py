"""Free space of the disk with the data folder: uploads stop before they take what the servers need to go on."""

import shutil

from app.core.config import Settings


def free_bytes(settings: Settings) -> int:
    """Return the free bytes of the disk that holds the data folder, also before the folder exists."""
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def has_space(settings: Settings, size: int = 0) -> bool:
    """Tell whether the reserve of free space is left after so many more bytes."""
    return free_bytes(settings) - size >= settings.disk_reserve_bytes
