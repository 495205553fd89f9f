"""Self-contained tokens (ASVS V9): accepted only with our signature, for their purpose, until they expire."""

import asyncio
import base64
import json
import random
import time
from typing import Any

import httpx
import jwt
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pydantic import SecretStr

from app.core.config import Settings
from app.core.ids import new_id
from app.core.resources import Resources
from app.core.security.csrf import RANDOM_BYTES, make_csrf
from app.core.security.signing import derive
from app.core.security.tokens import BadTokenError, Claims, TokenCodec, TokenKind
from tests.security.people import (
    ACCESS,
    API,
    CSRF,
    REFRESH,
    VERA,
    another_app,
    changed,
    client_of,
    cookies_of,
    forge,
    good_payload,
    payload_of,
    plant,
    post,
    register,
    status_of_me,
    wear,
)

MUTATIONS = 10_000
OTHER_KEY = "another-key-0123456789-another-key-0123456789"


def b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refuses(codec: TokenCodec, token: str, kind: TokenKind = TokenKind.ACCESS) -> bool:
    try:
        codec.decode(token, kind)
    except BadTokenError:
        return True
    return False


async def test_v9_1_1_ten_thousand_altered_tokens_are_refused(client: httpx.AsyncClient, settings: Settings) -> None:
    await register(client)
    codec, dice = TokenCodec(settings), random.Random(20261122)  # noqa: S311 - the same alterations in every run
    for name, kind in ((ACCESS, TokenKind.ACCESS), (REFRESH, TokenKind.REFRESH)):
        token = client.cookies[name]
        assert not refuses(codec, token, kind)
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/= "
        accepted = []
        for _ in range(MUTATIONS // 2):
            place, letters = dice.randrange(len(token)), list(token)
            match dice.randrange(4):
                case 0:
                    letters[place] = dice.choice(alphabet.replace(letters[place], ""))
                case 1:
                    letters[place] = chr(ord(letters[place]) ^ (1 << dice.randrange(7)))
                case 2:
                    letters.insert(place, dice.choice(alphabet))
                case _:
                    del letters[place]
            altered = "".join(letters)
            if altered != token and not refuses(codec, altered, kind):
                accepted.append(altered)
        assert accepted == []


async def test_v9_1_1_altered_tokens_are_refused_over_http(client: httpx.AsyncClient) -> None:
    await register(client)
    token = client.cookies[ACCESS]
    for place in range(0, len(token), len(token) // 24):
        letter = "A" if token[place] != "A" else "B"
        altered = token[:place] + letter + token[place + 1 :]
        bare = client_of(client._transport.app.app)  # type: ignore[attr-defined]
        bare.headers["Authorization"] = f"Bearer {altered}"
        assert (await bare.get(f"{API}/me")).status_code == 401
        del bare.headers["Authorization"]
        plant(bare, ACCESS, altered)
        assert (await bare.get(f"{API}/me")).status_code == 401


def test_v9_1_2_the_algorithm_is_ours_and_never_the_tokens(settings: Settings) -> None:
    codec, payload = TokenCodec(settings), good_payload()
    assert not refuses(codec, forge(settings, payload))
    unsigned = [
        f"{b64({'alg': alg, 'typ': 'JWT'})}.{b64(payload)}.{signature}"
        for alg in ("none", "None", "NONE", "nOnE", "", None)
        for signature in ("", b64(b"x" * 32))
    ]
    for token in unsigned:
        assert refuses(codec, token), token
    for alg in ("HS384", "HS512"):
        assert refuses(codec, forge(settings, payload, alg=alg)), alg
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed_elsewhere = [
        jwt.encode(payload, private, "RS256"),
        jwt.encode(payload, private, "PS256"),
        jwt.encode(payload, ec.generate_private_key(ec.SECP256R1()), "ES256"),
        jwt.encode(payload, ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ]
    for token in signed_elsewhere:
        assert refuses(codec, token)
    good = forge(settings, payload)
    _head, body, signature = good.split(".")
    odd: list[Any] = ["hs256", "Hs256", "RS256", "EdDSA", "HS256 ", ["HS256"], {"HS256": 1}]
    for spelled in odd:
        assert refuses(codec, f"{b64({'alg': spelled, 'typ': 'JWT'})}.{body}.{signature}"), spelled
    assert refuses(codec, forge(settings, payload, crit=["b64"], b64=True))
    assert refuses(codec, forge(settings, payload, crit=["unknown"], unknown=1))
    assert refuses(codec, forge(settings, payload, crit=[]))


async def test_v9_1_3_no_key_is_taken_from_the_token_and_nobody_is_asked_for_one(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    asked: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    oct_key = {"kty": "oct", "k": b64(OTHER_KEY.encode())}
    headers: list[dict[str, Any]] = [
        {"jwk": oct_key}, {"jku": address}, {"x5u": address}, {"x5c": [b64(public)]}, {"x5t": "AAAA"},
        {"kid": "../../../../dev/null"}, {"kid": "' OR 1=1 --"}, {"kid": "0"}, {"kid": ""}, {"cty": "JWT"},
    ]  # fmt: skip
    payload = good_payload()
    try:
        for header in headers:
            for key in (OTHER_KEY, settings.verification_keys[0]):
                client.headers["Authorization"] = f"Bearer {forge(settings, payload, key=key, **header)}"
                answer = await client.get(f"{API}/me")
                assert (answer.status_code, answer.json()["code"]) == (401, "bad-token"), header
    finally:
        server.close()
        await server.wait_closed()
    assert asked == []


def test_v9_2_1_and_2_3_claims_are_required_ours_and_of_a_life_we_give(settings: Settings) -> None:
    now = int(time.time())
    missing: list[dict[str, Any]] = [{name: None} for name in ("exp", "iat", "jti", "sub", "sid", "typ", "aud", "iss")]
    of_another_time: list[dict[str, Any]] = [
        {"exp": now - 1}, {"exp": now + 10**6}, {"exp": 2**63}, {"exp": 1e308}, {"exp": "9999999999"}, {"exp": True},
        {"exp": [now + 60]}, {"exp": now + 60.5}, {"iat": now + 3600, "exp": now + 3660}, {"iat": now - 10**6},
        {"iat": now + 20, "exp": now + 10}, {"nbf": now + 3600},
    ]  # fmt: skip
    of_somebody_else: list[dict[str, Any]] = [
        {"aud": "iplance:refresh"}, {"aud": "iplance"}, {"aud": ["iplance:access", "iplance:refresh"]},
        {"aud": "other:access"}, {"iss": "IPLANCE"}, {"iss": "iplance.evil"}, {"typ": "refresh"}, {"typ": "ACCESS"},
        {"typ": "reset_password"}, {"sub": "%"}, {"sub": "_____"}, {"sub": 1}, {"sid": "%"}, {"sid": "x' OR 1=1 --"},
    ]  # fmt: skip
    codec = TokenCodec(settings)
    accepted = [
        changes
        for changes in (*missing, *of_another_time, *of_somebody_else)
        if not refuses(codec, forge(settings, good_payload(**changes)))
    ]
    assert accepted == []


def test_v9_2_1_the_longest_life_is_the_settings(settings: Settings) -> None:
    now, codec = int(time.time()), TokenCodec(settings)
    longest = settings.access_token_expire_minutes * 60
    assert not refuses(codec, forge(settings, good_payload(iat=now, exp=now + longest)))
    assert refuses(codec, forge(settings, good_payload(iat=now, exp=now + longest + 1)))


def test_v9_2_2_kinds_never_pass_for_one_another(settings: Settings) -> None:
    codec = TokenCodec(settings)
    access, refresh = forge(settings, good_payload()), forge(settings, good_payload("refresh", ctr=0))
    assert refuses(codec, access, TokenKind.REFRESH)
    assert refuses(codec, refresh, TokenKind.ACCESS)
    assert not refuses(codec, access)  # a token refused for one purpose stays valid for its own, and only for that
    assert not refuses(codec, refresh, TokenKind.REFRESH)
    assert refuses(codec, access, TokenKind.REFRESH)


async def test_v9_2_2_kinds_are_crossed_over_http(client: httpx.AsyncClient, resources: Resources) -> None:
    await register(client)
    access, refresh = client.cookies[ACCESS], client.cookies[REFRESH]
    async with another_app(resources) as app:
        other = client_of(app)
        for token in (refresh, client.cookies[CSRF], ""):
            other.headers["Authorization"] = f"Bearer {token}"
            assert (await other.get(f"{API}/me")).status_code == 401
        del other.headers["Authorization"]
        plant(other, ACCESS, refresh)
        assert (await other.get(f"{API}/me")).status_code == 401
        wear(other, {REFRESH: access, CSRF: client.cookies[CSRF]})
        assert (await post(other, "refresh")).status_code == 401


async def test_v9_2_4_a_key_of_one_purpose_serves_no_other(settings: Settings) -> None:
    purposes = ("csrf", "challenge-link", "challenge-code", "refresh-token-id", "sign-in-counter")
    keys = {derive(settings.verification_keys[0], purpose) for purpose in purposes}
    assert len(keys) == len(purposes)
    assert settings.verification_keys[0].encode() not in keys
    for purpose in purposes:
        token = jwt.encode(good_payload(), derive(settings.verification_keys[0], purpose), "HS256")
        assert refuses(TokenCodec(settings), token)


async def test_v9_keys_rotate_with_an_overlap_and_then_end(client: httpx.AsyncClient, resources: Resources) -> None:
    await register(client)
    old, now = resources.settings.verification_keys[0], resources.settings
    overlap = changed(now, secret_key=SecretStr(OTHER_KEY), previous_secret_keys=old)
    over = changed(now, secret_key=SecretStr(OTHER_KEY), previous_secret_keys="")
    async with another_app(resources, settings=overlap) as app:
        during = client_of(app)
        wear(during, cookies_of(client))
        assert (await during.get(f"{API}/me")).status_code == 200
        assert (await post(during, "refresh")).status_code == 200
        jwt.decode(during.cookies[ACCESS], OTHER_KEY, ["HS256"], options={"verify_aud": False})
    async with another_app(resources, settings=over) as app:
        after = client_of(app)
        wear(after, cookies_of(client))
        assert (await after.get(f"{API}/me")).status_code == 401
        wear(after, cookies_of(during))
        assert (await after.get(f"{API}/me")).status_code == 200


async def test_v9_a_token_signed_by_us_for_a_session_that_is_not_there_opens_nothing(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    await register(client)
    mine = payload_of(client.cookies[ACCESS])
    for changes in ({"sid": good_payload()["sid"]}, {"sub": good_payload()["sub"]}):
        client.headers["Authorization"] = f"Bearer {forge(settings, mine | changes)}"
        assert (await client.get(f"{API}/me")).status_code == 401
    client.headers["Authorization"] = f"Bearer {forge(settings, mine)}"
    assert (await client.get(f"{API}/me")).json()["username"] == VERA["username"]


def test_v7_2_3_ids_and_csrf_values_are_long_random_and_unique(settings: Settings) -> None:
    session_id = new_id()
    values = {make_csrf(settings, session_id) for _ in range(20_000)}
    assert len(values) == 20_000
    assert RANDOM_BYTES * 8 >= 128
    assert not any("=" in value for value in values)


def test_v9_remembered_signatures_do_not_outlive_the_token(settings: Settings) -> None:
    codec, now = TokenCodec(settings), int(time.time())
    token = forge(settings, good_payload(iat=now, exp=now + 60))
    with time_machine.travel(now + 59, tick=False):
        assert isinstance(codec.decode(token, TokenKind.ACCESS), Claims)
    with time_machine.travel(now + 60, tick=False):
        assert refuses(codec, token)


async def test_v9_status_of_a_guest_is_401(client: httpx.AsyncClient) -> None:
    assert await status_of_me(client) == 401
