"""Access and refresh tokens: JWT with one algorithm, required claims, a maximum lifetime, and a list of keys."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import jwt
from jwt.exceptions import InvalidSignatureError, PyJWTError

from app.core.config import Settings
from app.core.errors import UnauthenticatedError
from app.core.i18n import N_
from app.core.security.signing import bytes_of

ISSUER = "iplance"
MAX_LENGTH = 2048
CLOCK_SKEW_SECONDS = 30
REMEMBERED = 8192
_HEADER_NAMES = {"alg", "typ"}


class TokenKind(StrEnum):
    """The purpose of a token; a token of one kind is never accepted as another."""

    ACCESS = "access"
    REFRESH = "refresh"


class BadTokenError(UnauthenticatedError):
    """The token is forged, of another kind, or expired."""

    code = "bad-token"
    title = N_("Please sign in")
    detail = N_("This sign-in is no longer valid. Please sign in again.")


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a verified token."""

    user_id: UUID
    session_id: UUID
    token_id: str
    kind: TokenKind
    issued_at: int
    expires_at: int
    counter: int = 0


def audience(kind: TokenKind) -> str:
    """Return the audience of the kind."""
    return f"{ISSUER}:{kind}"


class TokenCodec:
    """Creates and verifies tokens; algorithm and keys come from the settings, never from the token."""

    def __init__(self, settings: Settings) -> None:
        self._algorithm = settings.algorithm
        self._keys = settings.verification_keys
        self._longest = {
            TokenKind.ACCESS: settings.access_token_expire_minutes * 60,
            TokenKind.REFRESH: settings.refresh_token_expire_days * 86_400,
        }
        self._read: OrderedDict[str, Claims] = OrderedDict()

    def encode(self, claims: Claims) -> str:
        """Sign a token with the newest key."""
        payload: dict[str, object] = {
            "iss": ISSUER,
            "aud": audience(claims.kind),
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "jti": claims.token_id,
            "typ": claims.kind.value,
            "iat": claims.issued_at,
            "exp": claims.expires_at,
        }
        if claims.kind is TokenKind.REFRESH:
            payload["ctr"] = claims.counter
        return jwt.encode(payload, self._keys[0], algorithm=self._algorithm)

    def decode(self, token: str, kind: TokenKind, *, allow_expired: bool = False) -> Claims:
        """Return the claims of a token of this kind.

        A verified signature is cached in this process; the expiry is checked every time.

        Raises:
            BadTokenError: The token is not valid.
        """
        claims = self._read.get(token)
        if claims is None:
            claims = self._verify(token)
            self._read[token] = claims
            if len(self._read) > REMEMBERED:
                self._read.popitem(last=False)
        if claims.kind is not kind or (not allow_expired and claims.expires_at <= time.time()):
            raise BadTokenError
        return claims

    def _verify(self, token: str) -> Claims:
        try:
            self._refuse_odd_spelling(token)
            payload = self._payload(token)
            claims = self._claims(payload)
        except (PyJWTError, ValueError, TypeError, KeyError, AttributeError) as wrong:
            raise BadTokenError from wrong
        now = time.time()
        if claims.issued_at > now + CLOCK_SKEW_SECONDS:
            raise BadTokenError
        if not 0 < claims.expires_at - claims.issued_at <= self._longest[claims.kind]:
            raise BadTokenError
        return claims

    @staticmethod
    def _refuse_odd_spelling(token: str) -> None:
        if len(token) > MAX_LENGTH:
            raise ValueError("too long")
        for part in token.split("."):
            bytes_of(part)
        header = jwt.get_unverified_header(token)
        if set(header) != _HEADER_NAMES or header["typ"] != "JWT":
            raise ValueError("a header we never write")

    def _payload(self, token: str) -> dict[str, object]:
        for key in self._keys[:-1]:
            try:
                return self._payload_with(token, key)
            except InvalidSignatureError:
                continue
        return self._payload_with(token, self._keys[-1])

    def _payload_with(self, token: str, key: str) -> dict[str, object]:
        payload: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=[self._algorithm],
            issuer=ISSUER,
            options={
                "require": ["exp", "iat", "sub", "jti", "aud", "iss"],
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
            },
        )
        return payload

    @staticmethod
    def _claims(payload: dict[str, object]) -> Claims:
        kind = TokenKind(str(payload["typ"]))
        if payload["aud"] != audience(kind):
            raise ValueError("made for somebody else")
        numbers = [payload["iat"], payload["exp"], payload.get("ctr", 0)]
        issued_at, expires_at, counter = (number for number in numbers if type(number) is int)
        return Claims(
            user_id=UUID(str(payload["sub"])),
            session_id=UUID(str(payload["sid"])),
            token_id=str(payload["jti"]),
            kind=kind,
            issued_at=issued_at,
            expires_at=expires_at,
            counter=counter,
        )
