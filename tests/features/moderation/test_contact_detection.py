"""Contact details are found in texts, and quickly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.features.moderation.schemas import ContactKind
from app.features.moderation.service import detect_contacts
from app.features.proposals import rules


@pytest.mark.parametrize(
    ("letter", "marks"),
    [
        ("Пишите на anna@example.org", ["email"]),
        ("anna (собака) example точка ru", ["email"]),
        ("anna [at] example dot com", ["email"]),
        ("Звоните: +7 (912) 345-67-89", ["phone"]),
        ("8 912 345 67 89", ["phone"]),
        ("Портфолио: https://example.org/works", ["link"]),
        ("Я в телеграме: anna_dev", ["messenger"]),
        ("тг: annadev", ["messenger"]),
        ("t.me/annadev", ["link", "messenger"]),
        ("WhatsApp есть", ["messenger"]),
        ("Сделаю за 14 дней и 70 000 рублей, начну 25.11.2026.", []),
        ("Работал с C++ и FastAPI с 2015 по 2024 год, 120000 строк, версия 3.11.2", []),
        ("Two weeks, 1 500 000 roubles in all.", []),
        ("8–912–345–67–89", ["phone"]),
        ("Budget 7 500 000 - 8 500 000", []),
        ("от 7 500-8 500 000 за всё", []),
        ("+7 500 - 8 500", []),
        ("ivan at mail dot ru", ["email"]),
        ("Пишите: Ivan AT Mail DOT ru", ["email"]),
        ("иван собака мейл точка ру", ["email"]),
        ("anna{at}mail{dot}ru", ["email"]),
        ("Look at the page. Then look at dot net", []),
        ("Спросите Анну @anna. Пишу код", ["messenger"]),
        ("I do digital signal processing in MATLAB", []),
        ("Обработка сигналов (signal processing), traffic signal", []),
        ("Write me on Signal", ["messenger"]),
        ("My signal: anna.01", ["messenger"]),
        ("@media (max-width: 600px) and @import in SCSS", []),
        ("NestJS: @Injectable(), npm i @types/node @angular/core", []),
        ("Vue: @click.prevent, Python: @pytest.fixture", []),
        ("Навыки: Telegram-бот, Python, aiogram", []),
        ("Telegram боты и WhatsApp Business API", []),
        ("Разработка ботов для Telegram и WhatsApp", []),
        ("Интеграция CRM с вайбером", []),
        ("Bots for Viber, Telegram and Skype", []),
        ("Делаю Telegram-ботов, мой Telegram: anna", ["messenger"]),
        ("Пишите в Telegram", ["messenger"]),
        ("Call me on Skype", ["messenger"]),
    ],
)
def test_contacts_are_found(letter: str, marks: list[str]) -> None:
    assert detect_contacts(letter) == marks


WORK = ["{}-бот", "{} bot for a shop", "бот для {}", "чат-боты в {}", "{} Mini Apps", "канал в {}"]


@pytest.mark.parametrize("name", ["Telegram", "телеграм", "Viber", "WhatsApp"])
@pytest.mark.parametrize("work", WORK)
def test_what_is_made_for_a_messenger_is_no_contact(name: str, work: str) -> None:
    assert detect_contacts(work.format(name)) == []
    assert detect_contacts(f"{work.format(name)}. {name}: anna_dev") == [ContactKind.MESSENGER]


@given(
    st.text("ab8+7 @.:-()тгsignal", max_size=200), st.sampled_from(["anna@example.org", "+7 912 345-67-89", "t.me/a"])
)
def test_a_contact_is_found_in_any_text(around: str, contact: str) -> None:
    assert detect_contacts(f"{around}\n{contact}\n{around}")


SLOW = [
    "a",
    "+7 ",
    "a@",
    "8(",
    "telegram ",
    "bot ",
    "бот в ",
    "a at b dot ",
    "7 500 - ",
    "@media ",
    "signal ",
    "собака ",
]


@pytest.mark.parametrize("part", SLOW)
def test_the_time_is_bounded(part: str) -> None:
    began = time.process_time()
    detect_contacts((part * 20_000)[:20_000])
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize("part", ["a", "+7 ", "a@", "8("])
def test_no_letter_takes_long_to_look_at(part: str) -> None:
    letter = (part * 10_000)[:10_000]
    assert len(detect_contacts(letter)) < len(ContactKind)
    assert rules.count_similar(letter, [letter]) == 1
