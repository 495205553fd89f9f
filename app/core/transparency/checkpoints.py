"""Checkpoints of the log as C2SP signed notes with Ed25519."""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType

from app.core.security.cryptography_loading import load_cryptography

ED25519 = b"\x01"
"""The type of signature in a key and in its id."""
KEY_BYTES, KEY_ID_BYTES, SIGNATURE_BYTES, ROOT_BYTES = 32, 4, 64, 32
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointError(ValueError):
    """A text is not a checkpoint, or its signature does not hold."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and the root of the log of one instance; its origin is also the name of its key."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def verifier_key(origin: str, seed: bytes) -> str:
    """Return the public key of a private one, given by its 32 bytes, in the published form: name, id and key.

    Raises:
        CheckpointError: The name is empty, or contains white space or a plus.
    """
    public = _ed25519().Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return f"{origin}+{_key_id(origin, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def sign_checkpoint(checkpoint: Checkpoint, seed: bytes) -> str:
    """Return the signed note of a checkpoint.

    Raises:
        CheckpointError: The origin is no name of a key, or the root has another length.
    """
    if len(checkpoint.root) != ROOT_BYTES or checkpoint.size < 0:
        raise CheckpointError("a checkpoint has a size and a root of 32 bytes")
    return sign_note(checkpoint.origin, checkpoint.text(), seed)


def sign_note(name: str, text: str, seed: bytes) -> str:
    """Return the signed note of a text whose lines all end, under the key of this name.

    Raises:
        CheckpointError: The name is none of a key.
    """
    key = _ed25519().Ed25519PrivateKey.from_private_bytes(seed)
    signature = _key_id(name, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def read_checkpoint(note: str, published_key: str) -> Checkpoint:
    """Return a checkpoint whose signature by this key holds; signatures by other keys are ignored.

    Raises:
        CheckpointError: It has none, or the text is no checkpoint.
    """
    name, _public = _read_key(published_key)
    text, separator, _signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) != 3 or not _SIZE.fullmatch(lines[1]):  # noqa: PLR2004 - origin, size and root
        raise CheckpointError("this is no checkpoint")
    checkpoint = Checkpoint(lines[0], int(lines[1]), _decode(lines[2], ROOT_BYTES))
    if checkpoint.origin != name:
        raise CheckpointError("the checkpoint is of another log")
    read_note(note, published_key)
    return checkpoint


def read_note(note: str, published_key: str) -> list[str]:
    """Return the lines of a note whose signature by this key holds; signatures by other keys are ignored.

    Raises:
        CheckpointError: It has none.
    """
    name, public = _read_key(published_key)
    text, _separator, signatures = note.partition("\n\n")
    for line in signatures.split("\n"):
        parts = line.split(" ")
        if len(parts) == 3 and parts[:2] == ["—", name]:  # noqa: PLR2004 - dash, name and signature
            signed = _decode(parts[2], KEY_ID_BYTES + SIGNATURE_BYTES)
            if signed[:KEY_ID_BYTES] == _key_id(name, public):
                _verify(public, signed[KEY_ID_BYTES:], f"{text}\n".encode())
                return text.split("\n")
    raise CheckpointError("the checkpoint is not signed by this key")


def _ed25519() -> ModuleType:
    return load_cryptography("cryptography.hazmat.primitives.asymmetric.ed25519")


def _verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Verify an Ed25519 signature.

    Raises:
        CheckpointError: It does not hold.
    """
    key = _ed25519().Ed25519PublicKey
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only where it is used

    try:
        key.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as wrong:
        raise CheckpointError("the signature does not hold") from wrong


def _read_key(published: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a published key.

    Raises:
        CheckpointError: It is not a key, or its id belongs to another.
    """
    parts = published.strip().split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004 - name, id and key
        raise CheckpointError("this is no key")
    name, key_id, encoded = parts
    raw = _decode(encoded, len(ED25519) + KEY_BYTES)
    if raw[:1] != ED25519 or _key_id(name, raw[1:]).hex() != key_id:
        raise CheckpointError("this is no key")
    return name, raw[1:]


def _key_id(name: str, public: bytes) -> bytes:
    if not _NAME.fullmatch(name):
        raise CheckpointError("the name of a key has no white space and no plus")
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


def _decode(text: str, length: int) -> bytes:
    """Return base64 as bytes of this length.

    Raises:
        CheckpointError: It is something else.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise CheckpointError("this is no base64") from wrong
    if len(raw) != length or base64.b64encode(raw).decode() != text:
        raise CheckpointError("this has another length")
    return raw
