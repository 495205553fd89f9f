"""Ask the site on this machine whether it is ready; imports only the standard library."""

import http.client


def site_is_ready(host: str, port: int, timeout: float) -> bool:
    """Tell whether the site reports that it is ready; a site that does not answer is not."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
