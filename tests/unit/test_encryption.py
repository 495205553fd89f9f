"""Encryption at rest: what a key opens, what it refuses, and how keys are replaced."""

import hashlib
import subprocess
import sys

import pytest
from pydantic import SecretStr, ValidationError

from app.core.config import Settings
from app.core.security.encryption import KeyRing, UndecryptableError

NEW, OLD, SIGNING = (hashlib.sha256(name).hexdigest() for name in (b"new", b"old", b"signing"))
RING = KeyRing("tests")


def settings(keys: str = "", previous: str = "") -> Settings:
    return Settings(secret_key=SecretStr(SIGNING), previous_secret_keys=previous, encryption_keys=SecretStr(keys))


ALONE = """
import sys
import app
assert sys.modules["cryptography"] is None, "kept out of processes that do not need it"
from app.core.security.encryption import DataKey
from app.core.transparency.checkpoints import verifier_key
key = DataKey(bytes(32))
assert key.decrypt(key.encrypt(b"text", "row"), "row") == b"text"
assert verifier_key("log.example", bytes(32))
"""


def test_a_process_that_has_not_loaded_the_library_encrypts_and_signs() -> None:
    """Here the library is loaded already, in the site's processes it is not."""
    subprocess.run([sys.executable, "-c", ALONE], check=True, timeout=60)  # noqa: S603 - our own code


def test_a_text_opens_with_its_key_in_its_row_only() -> None:
    key, _wrapped = RING.create(settings(), "owner")
    stored = key.encrypt("ИНН 123456789047".encode(), "row 1")
    assert b"123456789047" not in stored
    assert key.decrypt(stored, "row 1").decode() == "ИНН 123456789047"
    assert key.encrypt(b"same", "row 1") != key.encrypt(b"same", "row 1")
    other, _wrapped = RING.create(settings(), "owner")
    for wrong_key, bad, context in (
        (key, stored, "row 2"),
        (other, stored, "row 1"),
        (key, stored[:-1] + b"\x00", "row 1"),
        (key, b"", "row 1"),
    ):
        with pytest.raises(UndecryptableError):
            wrong_key.decrypt(bad, context)


@pytest.mark.parametrize(
    ("used", "later", "opens"),
    [
        (settings(OLD), settings(f"{NEW},{OLD}"), True),
        (settings(OLD), settings(NEW), False),
        (settings(), settings("", previous=OLD), True),
        (settings("", previous=NEW), settings(f"{NEW},{SIGNING}"), True),
        (settings(SIGNING), settings(), True),
    ],
)
def test_a_data_key_opens_while_its_key_is_configured(used: Settings, later: Settings, opens: bool) -> None:
    key, wrapped = RING.create(used, "owner")
    stored = key.encrypt(b"text", "row")
    if opens:
        assert RING.open(later, wrapped, "owner").decrypt(stored, "row") == b"text"
        return
    with pytest.raises(UndecryptableError):
        RING.open(later, wrapped, "owner")


def test_a_data_key_belongs_to_one_owner_and_one_purpose() -> None:
    _key, wrapped = RING.create(settings(), "owner")
    for ring, bytes_, owner in ((RING, wrapped, "other"), (KeyRing("other"), wrapped, "owner"), (RING, b"", "owner")):
        with pytest.raises(UndecryptableError):
            ring.open(settings(), bytes_, owner)


def test_a_renewed_key_opens_the_same_and_needs_the_old_one_no_more() -> None:
    key, wrapped = RING.create(settings(OLD), "owner")
    stored = key.encrypt(b"text", "row")
    both, new = settings(f"{NEW},{OLD}"), settings(NEW)
    renewed = RING.renew(both, wrapped, "owner")
    assert renewed is not None
    assert RING.open(new, renewed, "owner").decrypt(stored, "row") == b"text"
    assert RING.renew(both, renewed, "owner") is None
    with pytest.raises(UndecryptableError):
        RING.renew(new, wrapped, "owner")


def test_a_weak_encryption_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="ENCRYPTION_KEYS"):
        settings(f"{NEW},too-short")
