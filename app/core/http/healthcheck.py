"""The container's health check: exit code 0 when the site on this machine is ready."""

import http.client
import sys

from app.core.config import get_settings


def ready(port: int) -> bool:
    """Tell whether the site reports that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if ready(get_settings().port) else 1)
