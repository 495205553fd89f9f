"""`python -m app.core.embedded`: the keeper of the bundled servers."""

import sys

from app.core.embedded.keeper import main

sys.exit(main(sys.argv[1:]))
