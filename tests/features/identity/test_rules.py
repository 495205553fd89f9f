"""Rules of accounts: names, passwords, and hashing."""

import asyncio
import hashlib
import unicodedata
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import override

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import account_names
from app.core.resources import Resources
from app.core.security import passwords
from app.core.security.passwords import PasswordHasher
from app.core.text import text_cleaning
from app.core.unit_of_work import unit_of_work
from app.features.identity import rules, service
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.commands import OPERATOR
from tests.factories.users import PASSWORD, hashed
from tests.features.identity.test_endpoints import API, VERA

LEAKED = "a password that leaked once"


def problems(password: str, *words: str) -> list[str]:
    return [item.message for item in rules.password_problems(password, words, shortest=8, loc="password")]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Vera", "vera"),
        (" Вера_П. ", "вера_п."),
        ("ＶＥＲＡ", "vera"),
        ("a-1", "a-1"),
        ("Straße99", "strasse99"),
        ("@Vera", "vera"),
        (" \u200bвера–п\u2060", "вера-п"),
        ("Їжак_Ґава", "їжак_ґава"),
        ("Қайрат.Ұлы", "қайрат.ұлы"),
        ("Җәмилә", "җәмилә"),
        ("Һөҙөм-Ҡар", "һөҙөм-ҡар"),
        ("Ўладзімір", "ўладзімір"),
        ("Ӑнвар", "ӑнвар"),
        ("Šárka_Żółw", "šárka_żółw"),
        ("Ελένη", "ελένη"),
        ("a|b", None),
        ("x" * 32, "x" * 32),
    ],
)
def test_names_are_compared_folded(typed: str, key: str | None) -> None:
    if key is None:
        with pytest.raises(account_names.InvalidValue):
            rules.username(typed)
    else:
        assert rules.username(typed).key == key


@pytest.mark.parametrize(
    "typed",
    [
        "ab",
        "x" * 33,
        "a b",
        "a@b",
        "vеra",
        "123456",
        "___",
        "admin",
        "A.d.m.i.n",
        "ПОДДЕРЖКА",
        "ve\u200bra",
        "verа",
        "日本語",
        "a\x00b",
        "àdmin",
        "supp0rt_team",
        "ipIance",
        "TheAdmin",
        "Администрация",
        "тех.поддержка",
        "Ελένη1a",
        "вера.ru",
        "www.vera",
        "evil.com",
    ],
)
def test_names_that_mislead_are_refused(typed: str) -> None:
    with pytest.raises(account_names.InvalidValue):
        rules.username(typed)


def test_staff_may_have_a_reserved_name() -> None:
    assert rules.username("admin", allow_reserved=True).key == "admin"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("+7 999 123-45-67", "+79991234567"), ("8(999)1234567", "+79991234567"), ("+1 202 555 0100", "+12025550100")],
)
def test_numbers_are_stored_in_one_form(typed: str, stored: str) -> None:
    assert account_names.phone(typed, "RU") == stored


@pytest.mark.parametrize(
    "typed",
    [
        *("12", "phone", "+7999", "+7 999 123-45-67 ext. 5", "+999999999999999999", "+7 000 000-00-00"),
        *("8 111 222 33 44", "+7 999 999-99-99", "+1 000 555 0100", "+1 1111111111", "+375 00 000 00 00"),
    ],
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(account_names.InvalidValue):
        account_names.phone(typed, "RU")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("@Vera", {"username_key": "vera"}),
        ("\u200bвера–п\u2069 ", {"username_key": "вера-п"}),
        ("ve\u00adra\ufeff", {"username_key": "vera"}),
        ("\u202aVERA@Example.com\u202c", {"email_key": "vera@example.com"}),
        ("anna—maria@example.com", {"email_key": "anna-maria@example.com"}),
        ("+7 (999) 123–45‑67\u200e", {"phone": "+79991234567"}),
        ("８ ９９９ １２３ ４５ ６７", {"phone": "+79991234567"}),
    ],
)
def test_identifiers_are_read_as_they_were_meant(typed: str, found: dict[str, str]) -> None:
    assert {name: value for name, value in account_names.identify(typed, "RU").keys.items() if value} == found


@given(
    st.sampled_from(["vera_1", "Вера-П", "Қайрат.Ұлы", "Mary-Ann"]),
    st.text("\u200b\u200e\u2060\u2068\ufeff \xad", max_size=4),
    st.sampled_from("-‐‑–—−"),
)
def test_who_registered_signs_in_with_the_same_typing(name: str, around: str, dash: str) -> None:
    typed = f"{around}@{name.replace('-', dash)}{around}"
    assert account_names.identify(typed, "RU").username_key == rules.username(typed).key


@pytest.mark.parametrize(
    ("one", "other"),
    [("ace", "асе"), ("BOT", "ВОТ"), ("Ivan", "lvan"), ("noo", "n00"), ("copy", "сору"), ("Mopo", "Моро")],
)
def test_names_that_look_the_same_have_one_key(one: str, other: str) -> None:
    assert account_names.look_alike_key(one) == account_names.look_alike_key(other)
    assert account_names.look_alike_key(one + "x") != account_names.look_alike_key(other)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Vera   P. ", "Vera P."),
        ("Вера «Ёж»", "Вера «Ёж»"),
        ('ООО "Ромашка" & Сыновья', 'ООО "Ромашка" & Сыновья'),
        ("Влад Минаев", "Влад Минаев"),
        ("И.И. Иванов", "И.И. Иванов"),
        ("J.Smith", "J.Smith"),
        ("Nikita O’Neil-Núñez", "Nikita O’Neil-Núñez"),
        ("山田太郎", "山田太郎"),
        ("Қайрат Ұлы", "Қайрат Ұлы"),
        ("Гоша и\u0306", "Гоша й"),
        ("Ве\u202eра\u200b", "Вера"),
        ("C++ Studio 2026", "C++ Studio 2026"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_display_names_are_names(typed: str, stored: str) -> None:
    assert rules.display_name(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "Служба безопасности ipLance",
        "Администрация сайта",
        "А д м и н",
        "Support Team",
        "Аdmin",
        "ADM1N",
        "i p L a n c e",
        "Модератор Вера",
        "Root",
        "24support",
        "007 0fficial team",
        "24поддержка",
        "Модерация сайта",
        "Superadmin",
        "Суперадминистратор",
        "HelpDesk",
        "Верифицирован",
        "Адмін",
        "ㅤㅤㅤ",
        "\u2800",
        "\u202e\u2066",
        "...",
        "2026",
        "evil.com",
        "EVIL.COM/x",
        "t.me",
        "пиши почта.рф",
        "vera@example.com",
        "https://x",
        "+7 999 123-45-67",
        "Мiша",
        "𝓐𝓷𝓷𝓪",
        "ꓮꓓꓟꓲꓠ",
        "Anna 😀",
        "З\u0300\u0301\u0302\u0303а",
        "Анна\x07",
    ],
)
def test_display_names_that_mislead_are_refused(typed: str) -> None:
    with pytest.raises(account_names.InvalidValue):
        rules.display_name(typed)


@given(st.text(max_size=80))
@settings(deadline=None)
def test_a_display_name_is_one_visible_line_or_refused(typed: str) -> None:
    try:
        stored = rules.display_name(typed)
    except account_names.InvalidValue:
        return
    assert rules.display_name(stored) == stored
    assert not text_cleaning.INVISIBLE.search(stored)
    assert stored.isprintable()
    assert not stored or any(character.isalpha() for character in stored)


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_read_as_exactly_one_name(typed: str) -> None:
    found = account_names.identify(typed, "RU")
    assert [value is not None for value in found.keys.values()].count(True) == 1
    assert account_names.identify(typed, "RU") == found


def test_length_is_the_first_rule() -> None:
    assert problems("short 7") == ["At least {shortest} characters, please; 15 are better."]
    assert problems("eight ok") == []
    assert problems("x" * 600) == ["At most {longest} characters, please."]


def test_three_thousand_common_passwords_are_refused() -> None:
    tried = [word for word in rules.common_passwords() if len(word) >= 8][:3000]
    assert len(tried) == 3000
    assert all(problems(word) and problems(word.upper()) for word in tried)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=8, max_size=256))
@settings(max_examples=300, deadline=None)
def test_any_characters_make_a_password(password: str) -> None:
    folded = account_names.fold(password)
    if folded not in rules.common_passwords() and len(set(folded)) > 1 and "iplance" not in folded:
        assert all("characters" not in problem for problem in problems(password))


@pytest.mark.parametrize(
    "password", ["iplance2026!", "IPLANCE!!!", "vera@example.com", "12Verochka!", "+79991234567", "aaaaaaaa"]
)
def test_own_names_and_ours_make_no_password(password: str) -> None:
    words = rules.personal_words("Verochka", "vera@example.com", "+79991234567")
    assert problems(password, *words) != []


async def test_passwords_count_to_their_last_byte() -> None:
    hasher = PasswordHasher(4)
    for one, other in (
        ("x" * 100 + "a", "x" * 100 + "b"), ("я" * 128, "я" * 127), ("pass\x00word", "pass\x00other"),
        (" spaces ", "spaces"), ("Case", "case"), ("e\u0301", "\u00e8"),
    ):  # fmt: skip
        stored = await hasher.hash(one)
        assert (await hasher.verify(one, stored))[0]
        assert not (await hasher.verify(other, stored))[0]


async def test_passwords_are_the_same_however_a_keyboard_composes_them() -> None:
    hasher = PasswordHasher(4)
    for composed in ("мой пароль ёжик", "café au lait"):
        apart = unicodedata.normalize("NFD", composed)
        for stored, typed in ((composed, apart), (apart, composed), (apart, apart), (composed, composed)):
            assert await hasher.verify(typed, await hasher.hash(stored)) == (True, None)
        before = hashed(apart)  # as hashes were made when passwords were taken as typed
        matched, upgraded = await hasher.verify(apart, before)
        assert matched
        assert upgraded is not None
        assert await hasher.verify(composed, upgraded) == (True, None)
        assert (await hasher.verify(apart + "x", before)) == (False, None)
        assert (await hasher.verify(apart, None)) == (False, None)


async def test_hashing_leaves_the_loop_free() -> None:
    hasher = PasswordHasher(10)
    work = asyncio.gather(*(hasher.hash(PASSWORD) for _ in range(4)))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 5
    await work


@pytest.fixture
def breached_service() -> Generator[str]:
    """A range service that knows one password and answers as the public one does."""

    class Ranges(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            digest = hashlib.sha1(LEAKED.encode(), usedforsecurity=False).hexdigest().upper()
            body = (
                f"{digest[5:]}:17\r\n{'0' * 35}:0\r\n" if self.path == f"/range/{digest[:5]}" else f"{'A' * 35}:3\r\n"
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_breached_passwords_are_asked_about_and_an_outage_is_decided(
    client: httpx.AsyncClient, resources: Resources, breached_service: str
) -> None:
    def use(**changes: object) -> None:
        resources.settings = resources.settings.model_copy(update=changes)

    use(breached_passwords_url=breached_service)
    leaked = await client.post(f"{API}/register", json=VERA | {"password": LEAKED})
    assert leaked.json()["errors"][0]["msg"].startswith("This password became public")
    use(breached_passwords_url="http://127.0.0.1:1", breached_passwords_required=True)
    closed = await client.post(f"{API}/register", json=VERA)
    assert (closed.status_code, closed.json()["code"]) == (503, "password-service-unavailable")
    use(breached_passwords_required=False)
    assert (await client.post(f"{API}/register", json=VERA)).status_code == 201


async def test_a_new_role_ends_the_sessions_of_the_old_one(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    user = await sign_in(client)
    async with unit_of_work(resources) as work:
        await service.set_role(work, OPERATOR, user.id, Role.MODERATOR)
    assert (await client.get(f"{API}/me")).status_code == 401
    await sign_in(client, user)
    assert (await client.get(f"{API}/me")).json()["role"] == "moderator"


async def test_too_many_waiting_hashes_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_QUEUE_LENGTH", 2)
    hasher = PasswordHasher(8)
    done = await asyncio.gather(*(hasher.hash(PASSWORD) for _ in range(6)), return_exceptions=True)
    assert [isinstance(item, passwords.HashingBusyError) for item in done] == [False] * 2 + [True] * 4
