"""Contact details are found in texts, and quickly."""

import pytest

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
    ],
)
def test_contacts_are_found(letter: str, marks: list[str]) -> None:
    assert detect_contacts(letter) == marks


@pytest.mark.parametrize("part", ["a", "+7 ", "a@", "8("])
def test_no_letter_takes_long_to_look_at(part: str) -> None:
    letter = (part * 10_000)[:10_000]
    assert len(detect_contacts(letter)) < len(ContactKind)
    assert rules.count_similar(letter, [letter]) == 1
