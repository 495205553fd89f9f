"""The role that an API key of Supabase claims, to refuse one that browsers have."""

import base64
import json

JWT_DOTS = 2


def supabase_role(key: str) -> str | None:
    """Return the role that a key of Supabase claims, None where it tells none, as the newer secret keys do."""
    if key.startswith("sb_publishable_"):
        return "anon"
    body = key.split(".")[1] if key.count(".") == JWT_DOTS else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except ValueError:
        return None
    return str(claims.get("role")) if isinstance(claims, dict) else None
