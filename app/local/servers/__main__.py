"""`python -m app.local.servers`: the keeper of the bundled servers."""

import sys

from app.local.servers.keeper import main

sys.exit(main(sys.argv[1:]))
