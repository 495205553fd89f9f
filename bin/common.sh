# Read by every script here: strict mode, and the root of the checkout as the working folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
fail() { say "ipLance: $*"; exit 1; }
