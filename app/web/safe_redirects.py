"""Redirect targets, restricted to addresses of this site."""

import re

# One slash, then no second slash or backslash, and no control characters: nothing that a browser reads as a host.
_SAFE = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]{0,1500}")


def safe_redirect_target(target: str | None, fallback: str = "/") -> str:
    """Return `target` where it is a local address of this site, else the fallback."""
    return target if target and _SAFE.fullmatch(target) else fallback
