"""Realistic orders, each found by two of its words in other forms."""

import pytest

from app.core.resources import Resources
from app.features.catalog.tasks import learn_terms
from app.features.orders import service
from app.features.orders.schemas import OrderListQuery
from tests.factories.orders import Market

FIRST = 10
ORDERS = (
    ("Интернет-магазин для кофейни на набережной", "кофеен магазина"),
    ("Настроить доставку по районам города", "доставок район"),
    ("Разослать письма клиентам за прошлый год", "писем клиента"),
    ("Вёрстка пяти страниц по макету", "вёрсток страница"),
    ("Перевод договоров с английского", "перевода договор"),
    ("Логотип и вывеска пекарни", "пекарен логотипы"),
    ("Отредактировать статьи о путешествиях", "отредактируют статья"),
    ("Ремонт сайта на старой версии", "сайты ремонта"),
    ("Поездка фотографа в горы на два дня", "поездок фотографы"),
    ("Парсер объявлений о квартирах", "парсеры квартира"),
    ("Экран приветствия мобильного приложения", "экраны приложений"),
    ("Профили сотрудников для каталога", "профиль сотрудник"),
    ("Скопировать базу с одного сервера на другой", "скопируют сервера"),
    ("Озвучить ролик голосом диктора", "ролики диктор"),
    ("Три креатива для рекламной кампании", "креатив кампаний"),
    ("Заявки с формы должны приходить в таблицу", "заявок таблица"),
    ("Починить корзину: пропадают товары", "корзины товаров"),
    ("Календарь записи к мастерам салона", "салонов календаря"),
    ("Аудит безопасности банковского сервиса", "аудита сервисы"),
    ("Иллюстрации к детской книжке", "книжек иллюстрация"),
    ("Сметы на строительство дачных домиков", "домика смета"),
    ("Подобрать ключевые слова и метки", "меток слово"),
    ("Субтитры для лекций по физике", "лекция субтитрами"),
    ("Нарисовать открытки ко дню рождения", "открыток рождение"),
    ("Память сервера растёт, найти утечку", "утечек памяти"),
    ("Учебник химии: набор формул", "учебники формула"),
    ("Бот отвечает на вопросы покупателей", "боты покупатель"),
    ("Собрать отзывы о трёх гостиницах", "отзыв гостиница"),
    ("Расписание экзаменов для колледжа", "экзамен расписания"),
    ("Чат-бот в Телеграме для ветклиники", "чат боты"),
    ("Опыт бюджетных смет обязателен", "смета опыта"),
    ("Нужен опыт с партициями", "опытом партиции"),
    ("Dashboard Builder (Data Analyst)", "dashboards analysts"),
    ("Migrate our shop to a new platform", "migrating shops"),
    ("Write product descriptions for candles", "description candle"),
    ("Front-end developer for a booking page", "front end developers"),
    ("Edit videos of cooking lessons", "editing lesson"),
    ("Translate menus into Russian", "translated menu"),
    ("Fix broken payments in a mobile app", "payment apps"),
    ("Illustrations for a board game", "illustration games"),
    ("Scrape prices of used cars daily", "scraping price"),
    ("Design labels for honey jars", "designing label"),
)  # fmt: skip


async def found(resources: Resources, words: str) -> list[str]:
    """Return the titles of the first ten orders."""
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, OrderListQuery(q=words, limit=FIRST))
    return [card.title for card in page.items]


async def test_two_words_in_other_forms_find_an_order_among_the_first_ten(market: Market, resources: Resources) -> None:
    customer = await market.person()
    for title, _words in ORDERS:
        await market.order(customer, title=title, description="Подробности расскажу в переписке.")
    await learn_terms(resources)
    missed = {words: title for title, words in ORDERS if title not in await found(resources, words)}
    assert missed == {}


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("програм", {"Программист", "Программа тренировок"}),
        ("программист", {"Программист"}),
        ("прог*", {"Программист", "Программа тренировок", "Прогулочная коляска"}),
        ("-прог*", {"Сайт-визитка", "Java для банка", "JavaScript для банка"}),
        ("java", {"Java для банка"}),
        ("java*", {"Java для банка", "JavaScript для банка"}),
        ("javasc", {"JavaScript для банка"}),
        ("сайт визитка", {"Сайт-визитка"}),
        ("визиток", {"Сайт-визитка"}),
        ("банки -java", {"JavaScript для банка"}),
        ("ja*", set[str]()),
    ],
)
async def test_a_word_may_be_a_beginning(words: str, titles: set[str], market: Market, resources: Resources) -> None:
    customer = await market.person()
    everything = ("Программист", "Программа тренировок", "Прогулочная коляска", "Сайт-визитка", "Java для банка")
    for title in (*everything, "JavaScript для банка"):
        await market.order(customer, title=title, description="Подробности в переписке.")
    await learn_terms(resources)
    assert set(await found(resources, words)) == titles
