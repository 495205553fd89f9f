"""Names by which somebody would pass for the site's staff or be reached outside it, and honest names beside them."""

import pytest

from app.core import account_names
from app.features.identity import rules

STAFF = (
    "Adrnin", "ADRNIN", "adrninistrator", "Adrnin Вера", "vvebmaster", "Rnoderator", "cIient service", "tearn", "Moder",
    "Команда сайта", "команда биржи", "Служба заботы", "Отдел платежей", "Сотрудник площадки", "Менеджер сервиса Анна",
    "Tech support", "Customer Care", "Payment Team", "Trust & Safety", "Cornrnunity support", "Podderzhka", "Team",
    "S u p p o r t Anna", "а.д.м.и.н Олег", "A-d-m-i-n of Kazan", "Анна П о д д е р ж к а",
)  # fmt: skip
PHONETIC = ("ᴀᴅᴍɪɴ", "ꜱᴜᴘᴘᴏʀᴛ", "ᵃᵈᵐⁱⁿ", "ɐdmin", "Ｔｅａｍ", "Ⓐdmin", "аdmin ᴛᴇᴀᴍ", "Veʀa")
REACHED = (
    "tg ivan_petrov", "TG: ivan", "тг ivan", "telegram: ivan", "Telegram ivan_petrov", "Anna tg anna_dev", "вк id12345",
    "WhatsApp 79991234567", "Skype live_anna", "viber +79991234567", "insta anna_2000", "tg_ivanpetrov",
)  # fmt: skip
HONEST = (
    "Adrian", "Adrienne Burns", "Burns", "Clara Klein", "Arne Bernstein", "Bernhard Vogel", "Jörn Schwarz", "Marc Lavy",
    "Claudia Weiß", "Dörthe Müller-Lüdenscheidt", "Ernst Kern", "Modersohn", "Paula Modersohn-Becker", "Teamer",
    "Team-lead", "Team Lead Anna", "Modest Mussorgsky", "Root & Stock", "Rooth", "Systema Studio", "Owen Staffan",
    "Helpmann", "Mia Infante", "Apiary Design", "Billings", "Bill Ingram", "Paymar", "Abusev", "Secura Design",
    "Вера Павлова", "Введенский", "Командор", "Команда мечты", "Команда разработчиков Альфа", "Служба доставки",
    "Отдел дизайна", "Модест Чайковский", "Модерау", "Помощник юриста", "Системный аналитик", "Платежников", "Оплатин",
    "Сервисный центр", "Гостев", "Адам Минин", "Сайт под ключ", "Разработка Telegram-ботов", "Telegram Bot Studio",
    "VK 2026", "Вконтакте и Telegram", "Їжак Ґава", "Оксана Підлісна", "В'ячеслав", "Қайрат Ұлы", "Әсел Нұрғали",
    "Gülşən Əliyeva", "Nguyễn Văn Ơn", "Žółć", "John Cline", "Vernon Mc Clain",
)  # fmt: skip
USERNAMES = (
    "team", "mod", "moder", "billing", "payments", "security", "root", "abuse", "postmaster", "noreply", "no-reply",
    "TEAM", "m0d", "Rnod", "biIIing", "podderzhka", "podderjka_site", "tehpodderzhka", "administratsiya", "moderaciya",
    "bezopasnost", "komanda", "sluzhba", "oplata", "platezhi", "команда", "модер", "служба-заботы", "care_team",
)  # fmt: skip


def test_enough_honest_names_are_tried() -> None:
    assert len(set(HONEST)) >= 60


@pytest.mark.parametrize("name", [*STAFF, *PHONETIC, *REACHED])
def test_a_display_name_that_misleads_is_refused(name: str) -> None:
    with pytest.raises(account_names.InvalidValue):
        rules.display_name(name)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_name_is_taken(name: str) -> None:
    assert rules.display_name(name) == name


@pytest.mark.parametrize("name", USERNAMES)
def test_a_reserved_user_name_is_refused(name: str) -> None:
    with pytest.raises(account_names.InvalidValue):
        rules.username(name)


@pytest.mark.parametrize(
    "name", ["adrian", "burns", "bernstein", "team_lead", "modest", "moderau", "gostev", "komandor", "oplatin", "modx"]
)
def test_an_honest_user_name_is_taken(name: str) -> None:
    assert rules.username(name).shown == name
