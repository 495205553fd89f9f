"""Headers of e-mails: subjects are read as they were written, and domains go out in A-labels."""

import email
import json
import re
import unicodedata
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.policy import compat32, default
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib.email import flatten_message
from hypothesis import given
from hypothesis import strategies as st

from app.core.config import Settings
from app.core.ports import Mail
from app.gateways.mail import MailRefusedError, SmtpMailer, compose
from app.gateways.mail_headers import encoded, one_line
from app.models.notification import NoticeKind
from app.web.mail_templates import render_mail
from tests.e2e.mail import MailSink

DEMO = json.loads((Path(__file__).resolve().parents[3] / "app/data/demo.json").read_text())
WORD = re.compile(r"=\?utf-8\?b\?[A-Za-z0-9+/=]+\?=")
FAMILY, COUPLE, FLAG = "👨‍👩‍👧‍👦", "👩🏻‍❤️‍💋‍👨🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"


def raw_of(settings: Settings, subject: str, to: str = "vera@example.com") -> bytes:
    mail = Mail(key="1.test.abc", to=to, subject=subject, text="t", html="h", language="ru")
    return flatten_message(compose(mail, settings))


def lines_of(raw: bytes, name: str) -> list[str]:
    head = raw.split(b"\r\n\r\n")[0].decode("ascii")
    found = re.search(rf"^{name}:[^\r\n]*(?:\r\n [^\r\n]*)*", head, re.MULTILINE)
    assert found is not None
    return found[0].split("\r\n")


def assert_read_back(settings: Settings, subject: str) -> None:
    """Two readers of the standard library, which share no code, read what was written."""
    raw = raw_of(settings, subject)
    assert str(email.message_from_bytes(raw, policy=default)["Subject"]) == subject
    assert str(make_header(decode_header(email.message_from_bytes(raw)["Subject"]))) == subject
    for line in lines_of(raw, "Subject"):
        assert len(line) <= 76
        assert all(len(word) <= 75 for word in WORD.findall(line))


def texts(value: Any) -> Iterator[str]:
    """Every text of the demonstration that could stand in a subject."""
    if isinstance(value, str):
        yield one_line(value)[:200]
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from texts(below)


def test_every_subject_of_the_demonstration_is_read_back(settings: Settings) -> None:
    everything = sorted({text for text in texts(DEMO) if text})
    assert len(everything) > 100
    for text in everything:
        assert_read_back(settings, text)
    for order in DEMO["orders"]:
        assert_read_back(settings, one_line(f"Новый заказ: {order['title']}"))


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_every_subject_of_a_kind_is_read_back(settings: Settings, locale: str) -> None:
    context = {"origin": "https://x.example", "name": "Вера", "link": "https://x.example/", "code": "1"}
    for kind in {NoticeKind.MESSAGE_RECEIVED, NoticeKind.OFFER_MADE, NoticeKind.ORDER_EDITED, NoticeKind.NEW_DEVICE}:
        for person in ("Вера Павловна", "vera", f"Vera {FAMILY}"):
            subject = render_mail(kind.value, locale, {**context, "person": person, "order": "x"}).subject
            assert_read_back(settings, subject)


@pytest.mark.parametrize(
    "subject",
    [
        "Hello",
        "Short слово word ещё one два two " * 6 + "end",
        "Тест " + "a " * 40 + "конец",
        f"Семья {FAMILY} и пара {COUPLE}, флаг {FLAG}, ещё 🇷🇺🇰🇿 " * 3 + "!",
        "x" * 300,
        "ё" * 300,
        "x =?utf-8?q?not_a_word?= y",
        "=?utf-8?q?Hi=0ABcc:_all=40example.com?=",
        "\U0001fae9 newer than this Python",
    ],
)
def test_a_subject_is_read_back_whole(settings: Settings, subject: str) -> None:
    assert_read_back(settings, subject)
    assert email.message_from_bytes(raw_of(settings, subject))["Bcc"] is None


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_subject_is_read_back(text: str) -> None:
    line = one_line(text)
    value = encoded(line, "Subject", "\r\n")
    assert str(make_header(decode_header(value.replace("\r\n", "")))) == line
    assert str(email.message_from_string(f"Subject: {value}\n\n", policy=default)["Subject"]) == line
    assert all(len(part) <= 76 for part in f"Subject: {value}".split("\r\n"))


@pytest.mark.parametrize("joined", [FAMILY, COUPLE, FLAG, "🇷🇺", "é", "1️⃣"])
def test_joined_characters_stay_in_one_word(joined: str) -> None:
    assert one_line(joined) == joined
    for before in range(60):
        value = encoded("а" * before + joined * 5, "Subject", "\r\n")
        words = [str(make_header(decode_header(word))) for word in value.split("\r\n ")]
        assert "".join(words) == "а" * before + joined * 5
        for _left, right in pairwise(words):
            assert right[0] == "а" or right.startswith(joined[0]), unicodedata.name(right[0], "?")


def test_invisible_characters_are_dropped_and_separators_become_blanks() -> None:
    assert one_line("a\u202eb\u200bc\u00ad\u2028d\r\ne\x00f\u00a0g") == "abc d e f g"


def test_domains_go_out_in_a_labels(settings: Settings) -> None:
    own = settings.model_copy(update={"mail_from": "Биржа <no-reply@почта.рф>", "public_url": "https://биржа.рф"})
    raw = raw_of(own, "x", "vera@пример.рф")
    raw.decode("ascii")
    assert lines_of(raw, "To") == ["To: vera@xn--e1afmkfd.xn--p1ai"]
    parsed = email.message_from_bytes(raw, policy=default)
    assert parsed["From"] == "Биржа <no-reply@xn--80a1acny.xn--p1ai>"
    assert parsed["Message-ID"] == "<1.test.abc@xn--80abggw2c.xn--p1ai>" or parsed["Message-ID"].isascii()


@pytest.mark.parametrize("name", ["ipLance", 'The "best", of all', "Биржа заказов", "A =?utf-8?q?b?="])
def test_the_name_of_the_sender_is_read_back(settings: Settings, name: str) -> None:
    quoted = '"' + name.replace('"', '\\"') + '"'
    own = settings.model_copy(update={"mail_from": f"{quoted} <no-reply@example.com>"})
    (address,) = email.message_from_bytes(raw_of(own, "x"), policy=default)["From"].addresses
    assert address.addr_spec == "no-reply@example.com"
    if "=?" not in name:
        assert address.display_name == name


@pytest.mark.parametrize(
    "name",
    [
        "Биржа удалённой работы",
        "Служба поддержки и заботы о заказчиках",
        "Биржа «Удалёнка» — заказы и исполнители",
        "Я" * 42,
        "Биржа a b c заказов d e f исполнителей",
        "ipLance — біржа замовлень, Київ №1",
    ],
)
def test_a_long_name_of_the_sender_is_read_back_whole_by_both_readers(settings: Settings, name: str) -> None:
    raw = raw_of(settings.model_copy(update={"mail_from": f'"{name}" <no-reply@example.com>'}), "x")
    assert email.message_from_bytes(raw, policy=default)["From"].addresses[0].display_name == name
    old = email.message_from_bytes(raw, policy=compat32)["From"]
    assert str(make_header(decode_header(old))) == f"{name} <no-reply@example.com>"
    assert all(len(line) <= 76 for line in raw.decode().split("\r\n\r\n")[0].splitlines())


@pytest.mark.parametrize(
    "name",
    [
        "Служба доставки заказов и заботы о заказчиках по всей стране",
        "Қазақстан фрилансерлерінің биржасы",
        "Биржа — 東京 заказы и исполнители",
        "Международная биржа удалённой работы ipLance для заказчиков и исполнителей из всех стран и городов мира",
    ],
)
def test_a_name_of_several_words_is_divided_at_its_blanks(settings: Settings, name: str) -> None:
    """The newer reader of Python 3.12.1 keeps the blank that divides encoded words, so that it reads one twice."""
    raw = raw_of(settings.model_copy(update={"mail_from": f'"{name}" <no-reply@example.com>'}), "x")
    address = email.message_from_bytes(raw, policy=default)["From"].addresses[0]
    assert (" ".join(address.display_name.split()), address.addr_spec) == (name, "no-reply@example.com")
    old = email.message_from_bytes(raw, policy=compat32)["From"]
    assert str(make_header(decode_header(old))) == f"{name} <no-reply@example.com>"
    assert all(len(line) <= 76 for line in raw.decode().split("\r\n\r\n")[0].splitlines())


NAME_CHARACTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїқңABCxyz019 —«»№'.,&東京"


@given(st.text(st.sampled_from(NAME_CHARACTERS), min_size=1, max_size=120).map(one_line).filter(str.strip))
def test_any_name_of_the_sender_is_read_back(settings: Settings, name: str) -> None:
    """A name that fits into one encoded word is read back exactly by both readers, a longer one by RFC 2047.

    The newer reader of Python keeps the blank that divides two words, against the RFC, so it may read one blank more
    for each. There is no form without that blank: a line of encoded words has at most 76 characters.
    """
    raw = raw_of(settings.model_copy(update={"mail_from": f'"{name}" <no-reply@example.com>'}), "x")
    words = len(re.findall("=[?][a-z0-9-]+[?]b[?]", "".join(lines_of(raw, "From"))))
    address = email.message_from_bytes(raw, policy=default)["From"].addresses[0]
    assert address.addr_spec == "no-reply@example.com"
    if words <= 1:
        assert address.display_name == name
    else:
        assert address.display_name.replace(" ", "") == name.replace(" ", "")
        assert address.display_name.count(" ") - name.count(" ") <= words - 1
    if words:
        old = email.message_from_bytes(raw, policy=compat32)["From"]
        assert str(make_header(decode_header(old))) == f"{name} <no-reply@example.com>"


@pytest.mark.parametrize("unicode_mailboxes", [True, False])
async def test_the_envelope_is_ascii_unless_the_server_takes_more(settings: Settings, unicode_mailboxes: bool) -> None:
    sink = MailSink(unicode_mailboxes=unicode_mailboxes)
    sink.start()
    own = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_tls": "none"})
    mailer = SmtpMailer(own)
    mail = Mail(key="k", to="vera@пример.рф", subject="Привет", text="t", html="h", language="ru")
    other = Mail(key="k", to="вера@пример.рф", subject="Привет", text="t", html="h", language="ru")
    try:
        await mailer.send(mail)
        assert await mailer.takes_unicode_mailboxes() is unicode_mailboxes
        if unicode_mailboxes:
            await mailer.send(other)
        else:
            with pytest.raises(MailRefusedError, match="ASCII"):
                await mailer.send(other)
    finally:
        sink.stop()
    assert len(sink.mails_for("vera@xn--e1afmkfd.xn--p1ai")) == 1
    assert len(sink.mails_for("вера@xn--e1afmkfd.xn--p1ai")) == int(unicode_mailboxes)


async def test_a_server_away_leaves_the_question_open(settings: Settings, unused_tcp_port: int) -> None:
    own = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": unused_tcp_port, "smtp_tls": "none"})
    assert await SmtpMailer(own).takes_unicode_mailboxes() is True
