"""A secret that an instance makes for itself and keeps in its data folder."""

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


def load_or_create_secret(folder: Path, name: str) -> str:
    """Return the secret stored in `folder/secrets/name`; create it with mode 0600 on first use.

    The write is atomic and the first writer wins, so processes that start at the same time share one secret.

    Raises:
        OSError: The folder cannot be written.
    """
    path = folder / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(secrets.token_hex(SECRET_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()
