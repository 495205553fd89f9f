# Sourced by every script here: strict mode, and the root of the checkout as the working folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
fail() { say "ipLance: $*"; exit 1; }

# On a terminal only warnings and errors are shown; with LOGS=1, or when the output is a file or a pipe, everything is.
is_quiet() { [ -t 2 ] && case "${LOGS:-}" in "" | 0 | false | no | off) true ;; *) false ;; esac; }
