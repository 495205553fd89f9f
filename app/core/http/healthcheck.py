"""The container's health check: exit code 0 when the site on this machine is ready."""

import sys

from app.core.config import get_settings
from app.local.supervision.probe import site_is_ready

if __name__ == "__main__":
    sys.exit(0 if site_is_ready("127.0.0.1", get_settings().port, timeout=4) else 1)
