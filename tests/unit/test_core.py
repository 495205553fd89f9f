"""Ids, money, cursors and languages."""

import base64
import json
import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.config import MIN_SECRET_BYTES, Settings
from app.core.database import asyncpg_url, is_pooled
from app.core.errors import DomainError, FieldError, InvalidError
from app.core.i18n import negotiate
from app.core.ids import new_id
from app.core.money import Currency, CurrencyMismatchError, Money
from app.core.pagination import BadCursorError, decode_cursor, encode_cursor, last_id, last_moment
from app.local.stored_secret import load_or_create_secret


def test_ids_grow_also_within_one_millisecond() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(item.version, item.variant) for item in made} == {(7, UUID(int=2 << 62 | 7 << 76).variant)}


def test_ids_of_many_threads_never_meet() -> None:
    found: list[UUID] = []

    def make() -> None:
        found.extend([new_id() for _ in range(2_000)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 16_000


def packed_text(raw: bytes) -> str:
    """Encode bytes as a cursor."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def packed(*values: object) -> str:
    """Encode values as an attacker would."""
    return packed_text(json.dumps(values).encode())


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_money_adds_exactly(left: int, right: int) -> None:
    total = Money(left, Currency.RUB) + Money(right, Currency.RUB)
    assert total - Money(right, Currency.RUB) == Money(left, Currency.RUB)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatchError):
        _ = Money(1, Currency.RUB) + Money(1, Currency.USD)


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), st.integers(-(2**53), 2**53))
def test_a_cursor_returns_what_was_packed(text: str, number: int) -> None:
    assert decode_cursor(encode_cursor(text, number), str, int) == (text, number)


@given(st.text())
def test_no_text_breaks_a_cursor(text: str) -> None:
    try:
        values = decode_cursor(text, str, int)
    except DomainError as error:
        assert error.code == BadCursorError.code  # noqa: PT017 - any other exception fails the test by itself
    else:
        assert [type(value) for value in values] == [str, int]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2255, 1, 1), timezones=st.just(UTC)), st.uuids())  # noqa: DTZ001
def test_a_cursor_of_a_time_and_an_id_returns_what_was_packed(moment: datetime, key: UUID) -> None:
    assert last_moment(encode_cursor(moment, key)) == (moment, key)
    assert last_id(encode_cursor(key)) == key
    assert last_moment(packed(moment.isoformat(), str(key))) == (moment, key), "as earlier releases wrote it"


KEY = "0192d3a0-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "values",
    [
        [], [KEY], [0], [None, KEY], [True, KEY], [1.5, KEY], [-1, KEY], [2**53 + 1, KEY], [2**63, KEY], [0, 0],
        [0, KEY, 0], [0, KEY.upper()], [0, "{" + KEY + "}"], [0, "no id"], [0, KEY + "\x00"], ["no time", KEY],
        ["", KEY], ["2026-01-01T00:00:00", KEY], ["0001-01-01T00:00:00+14:00", KEY], ["9999-12-31T23:59:59-14:00", KEY],
        ["0001-01-01T00:00:00+00:00", KEY], ["9999-12-31T23:59:59+00:00", KEY],
    ],
)  # fmt: skip
def test_an_altered_cursor_is_always_the_same_refusal(values: list[object]) -> None:
    with pytest.raises(BadCursorError) as refused:
        last_moment(packed(*values))
    assert [error.loc for error in refused.value.errors] == [("query", "cursor")]


@pytest.mark.parametrize("text", ["=", "A", "not base64!", packed_text(b"{}"), packed_text(b'"ab"'), packed_text(b"[")])
def test_what_is_no_list_is_no_cursor(text: str) -> None:
    for kinds in ((str,), (str, str)):
        with pytest.raises(BadCursorError):
            decode_cursor(text, *kinds)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, True, 1.0, "1", None])
def test_a_number_that_postgresql_does_not_know_is_no_place(number: object) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(packed("price", number), str, int)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "ru"),
        ("", "ru"),
        ("en", "en"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("de,ru;q=0.5,en;q=0.4", "ru"),
        ("ru;q=0.1, en;q=0.9", "en"),
        ("en;q=nonsense", "ru"),
        ("en;q=0", "ru"),
        ("*" * 10_000, "ru"),
    ],
)
def test_the_language_is_negotiated(header: str | None, expected: str) -> None:
    assert negotiate(header) == expected


@pytest.mark.parametrize(
    "address",
    [
        "postgres://u:p@h:5432/d?sslmode=require",
        "postgresql://u:p@h:5432/d?sslmode=require&pgbouncer=true&connect_timeout=10",
        "postgresql+asyncpg://u:p@h:5432/d?ssl=require",
    ],
)
def test_every_form_of_a_database_address_is_understood(address: str) -> None:
    url = asyncpg_url(address)
    assert url.drivername == "postgresql+asyncpg"
    assert dict(url.query) == {"ssl": "require"}


def test_a_pooler_is_known_by_port_or_mark() -> None:
    assert is_pooled("postgres://u:p@h:6543/d")
    assert is_pooled("postgres://u:p@h:5432/d?pgbouncer=true")
    assert not is_pooled("postgres://u:p@h:5432/d")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"environment": "production", "public_url": "https://x.example", "secret_key": ""}, "SECRET_KEY is missing"),
        ({"environment": "production", "public_url": "https://x.example", "secret_key": "short"}, "too weak"),
        (
            {"environment": "production", "public_url": "http://x.example", "secret_key": "0123456789abcdef" * 3},
            "PUBLIC_URL",
        ),
        (
            {"environment": "production", "public_url": "https://x.example", "secret_key": "0123456789abcdef" * 3},
            "ENCRYPTION_KEYS is missing",
        ),
        ({"secret_key": "change-me"}, "too weak"),
    ],
)
def test_weak_secrets_are_refused(changes: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings.model_validate(changes)


def test_a_secret_is_made_once_and_kept_to_its_owner(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("data")
    first = load_or_create_secret(folder, "secret_key")
    assert load_or_create_secret(folder, "secret_key") == first
    assert len(first) == 2 * MIN_SECRET_BYTES
    assert (folder / "secrets" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (folder / "secrets").iterdir()] == ["secret_key"]


@pytest.mark.parametrize("typed", ["{0}", "{", "}", "{typed.__class__}", "{{}}", "%s"])
def test_a_text_that_quotes_what_was_typed_is_shown_as_it_is(typed: str) -> None:
    quoted = FieldError(("name",), "There is no category “{category}”.", {"category": typed})
    for error in (quoted, FieldError(("name",), quoted.text()), InvalidError(quoted.text())):
        assert error.text() == f"There is no category “{typed}”."
