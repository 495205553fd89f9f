"""`python -m app.local.embedded`: the keeper of the bundled servers."""

import sys

from app.local.embedded.keeper import main

sys.exit(main(sys.argv[1:]))
