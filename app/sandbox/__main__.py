"""`python -m app.sandbox [HOST PORT]`: the sandbox provider as a process of its own."""

import sys

import uvicorn
from pydantic import ValidationError

from app.core.config import get_settings
from app.core.http.startup_errors import StartupRefusedError, startup_error_message
from app.core.observability.logging import configure_logging
from app.sandbox.server import make_sandbox, options_of


def main(arguments: list[str]) -> None:
    """Serve on the configured address, or on the one of the command line.

    Raises:
        SystemExit: The settings are invalid, or the instance is not a demonstration.
    """
    try:
        settings = get_settings()
        application = make_sandbox(options_of(settings))
    except (ValidationError, StartupRefusedError, OSError) as error:
        raise SystemExit(startup_error_message(error)) from None
    configure_logging(settings)
    host, port = arguments or (settings.sandbox_host, str(settings.sandbox_port))
    uvicorn.run(application, host=host, port=int(port), server_header=False, proxy_headers=False, log_config=None)


if __name__ == "__main__":
    main(sys.argv[1:])
