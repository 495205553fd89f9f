"""Signatures of webhooks as the Standard Webhooks specification has them: HMAC-SHA256 over id, time and body."""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime

from app.core.security.signing import keyed_hash, same_secret

SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret, and is none
TOLERANCE_SECONDS = 300
_VERSION = "v1"
_WHOLE_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def webhook_secret(raw: bytes) -> str:
    """Return key bytes in the form in which secrets of webhooks are configured."""
    return SECRET_PREFIX + base64.b64encode(raw).decode("ascii")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret of webhooks is `whsec_` and Base64") from error


def sign_webhook(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature of one message with one secret.

    Raises:
        ValueError: The secret is not Base64.
    """
    made = keyed_hash(_key(secret), f"{message_id}.{timestamp}.".encode() + body)
    return f"{_VERSION},{base64.b64encode(made).decode('ascii')}"


def is_recent(timestamp: str, now: datetime) -> bool:
    """Tell whether the time of a message, in seconds since 1970, is near enough to now, before or after."""
    return bool(_WHOLE_SECONDS.fullmatch(timestamp)) and abs(now.timestamp() - int(timestamp)) <= TOLERANCE_SECONDS


def webhook_is_signed(secrets: Sequence[str], message_id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """Tell whether one of the signatures of a message was made with one of the secrets, each compared in constant time.

    Args:
        secrets: The active secrets; during a rotation there are several.
        message_id: The header `webhook-id`.
        timestamp: The header `webhook-timestamp`.
        signatures: The header `webhook-signature`: signatures separated by spaces.
        body: The raw body.
    """
    made = [sign_webhook(secret, message_id, timestamp, body) for secret in secrets]
    return any(same_secret(known, sent) for known in made for sent in signatures.split(" "))
