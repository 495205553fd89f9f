# Read by every script here: strict mode, and the root of the checkout as the working folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
fail() { say "ipLance: $*"; exit 1; }

# On a terminal only what a person must know is shown; LOGS=1, a file or a pipe gets everything.
is_quiet() { [ -t 2 ] && case "${LOGS:-}" in "" | 0 | false | no | off) true ;; *) false ;; esac; }
