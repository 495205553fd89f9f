"""Signatures: those of earlier releases stay valid, and all others are refused."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.core.config import Settings
from app.core.security.signing import Signer, text_of

NEW, OLD = (hashlib.sha256(name).hexdigest() for name in (b"the secret in use", b"one that still verifies"))
SETTINGS = Settings(secret_key=SecretStr(NEW), previous_secret_keys=OLD)
LINK = Signer("file-link", 24)


def signed(secret: str, purpose: str, *parts: str) -> bytes:
    """Return a signature as links in e-mails of earlier releases have it."""
    key = hmac.new(secret.encode(), f"iplance/{purpose}".encode(), hashlib.sha256).digest()
    message = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    return hmac.new(key, message, hashlib.sha256).digest()


def test_links_in_circulation_stay_good() -> None:
    for secret in (NEW, OLD):
        assert LINK.verifies(SETTINGS, signed(secret, "file-link", "id", "main", "5")[:24], "id", "main", "5")
        text = base64.urlsafe_b64encode(signed(secret, "file-link", "id")[:24]).rstrip(b"=").decode()
        assert LINK.verifies_text(SETTINGS, text, "id")
    assert LINK.sign(SETTINGS, "id") == signed(NEW, "file-link", "id")[:24]


def test_a_signature_fits_one_purpose_and_exactly_its_parts() -> None:
    good = LINK.sign(SETTINGS, "ab", "c")
    assert LINK.verifies(SETTINGS, good, "ab", "c")
    assert not LINK.verifies(SETTINGS, good, "a", "bc")
    assert not LINK.verifies(SETTINGS, good[:23], "ab", "c")
    assert not LINK.verifies(SETTINGS, b"", "ab", "c")
    assert not Signer("csrf", 24).verifies(SETTINGS, good, "ab", "c")
    assert not LINK.verifies(SETTINGS, signed("a stranger's secret", "file-link", "ab", "c")[:24], "ab", "c")


@pytest.mark.parametrize("text", ["", "Ä", "=", "A", "AA==", "not base64!"])
def test_no_text_breaks_a_signature(text: str) -> None:
    assert not LINK.verifies_text(SETTINGS, text, "id")
    assert LINK.unseal(SETTINGS, text) is None


@given(st.binary(max_size=200))
def test_a_sealed_payload_comes_back_and_an_altered_one_does_not(payload: bytes) -> None:
    sealed = LINK.seal(SETTINGS, payload)
    assert LINK.unseal(SETTINGS, sealed) == payload
    assert LINK.unseal(SETTINGS, sealed + "A") is None
    assert LINK.unseal(SETTINGS, text_of(LINK.sign(SETTINGS, payload) + payload + b"x")) is None
    assert Signer("flash", 24).unseal(SETTINGS, sealed) is None
