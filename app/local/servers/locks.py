"""File locks between processes; the kernel releases them when a process dies, however it dies."""

import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl

    def _flock(handle: int, *, shared: bool, wait: bool) -> None:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, kind if wait else kind | fcntl.LOCK_NB)

else:

    def _flock(handle: int, *, shared: bool, wait: bool) -> None:
        raise NotImplementedError("the bundled servers are kept on Linux and macOS only")


class FileLock:
    """A lock file; `acquire` holds it until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self, *, shared: bool = False, wait: bool = False) -> bool:
        """Acquire the lock; False when another process has it and `wait` is off."""
        if self._handle is not None:
            return True
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _flock(handle, shared=shared, wait=wait)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def write(self, text: str) -> None:
        """Write a note for processes that find the lock taken."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, text.encode(), 0)

    def read(self) -> str:
        """Return the note of the holder."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def release(self) -> None:
        """Release the lock."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @property
    def fileno(self) -> int:
        """Return the file descriptor, for a child process that shall hold the lock too."""
        if self._handle is None:
            raise ValueError("the lock is not held")
        return self._handle

    def is_free(self) -> bool:
        """Tell whether no process holds the lock now, shared or exclusive."""
        if self._handle is not None:
            return False
        if not self.acquire():
            return False
        self.release()
        return True
