"""Russian order texts with common, medium and rare words, the same for the same seed.

Sentences from a working vocabulary in inflected forms (so that a stemmer has work to do) contain words of a long tail
of 60 000 made-up words with a frequency proportional to 1/rank, so that a million orders contain words of all
frequencies.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

ACTIONS = (
    "разработать сделать создать доработать настроить спроектировать перевести написать оформить нарисовать "
    "собрать внедрить протестировать исправить оптимизировать смонтировать"
).split()
THINGS = (
    "сайт;интернет-магазин;лендинг;мобильное приложение;телеграм-бота;логотип;фирменный стиль;презентацию;"
    "дизайн карточек товара;рекламный ролик;парсер каталога;интеграцию с 1С;личный кабинет;систему бронирования;"
    "чат поддержки;базу данных;скрипт выгрузки;админку;текст для главной страницы;серию статей;перевод договора;"
    "чертёж детали;модель корпуса;баннер для соцсетей;контекстную рекламу;аудит безопасности;сервис рассылок"
).split(";")
PLACES = (
    "кафе;стоматологии;строительной компании;школы танцев;автосервиса;фермы;агентства недвижимости;музыканта;"
    "фотостудии;интернет-аптеки;службы доставки;маркетплейса;стартапа;спортивного клуба;типографии;юриста"
).split(";")
TOOLS = (
    "Python FastAPI Django PostgreSQL Redis React Vue TypeScript Kotlin Swift Flutter Laravel WordPress Tilda Figma "
    "Photoshop Illustrator Blender AutoCAD Docker Kubernetes GraphQL Celery RabbitMQ ClickHouse Golang Rust Unity"
).split()
SENTENCES = (
    ("Нужно {verb} {thing} для {place}.", 4),
    ("Ищем исполнителя, который умеет работать с {tool} и {other}.", 5),
    ("Срок выполнения — {days} дней, обсуждаем по ходу работы.", 5),
    ("Оплата после сдачи каждого этапа, возможна предоплата {percent} процентов.", 3),
    ("Макеты и тексты предоставим, доступы к серверу дадим.", 3),
    ("Важно, чтобы результат быстро открывался на телефонах.", 3),
    ("Просим прислать примеры похожих работ и оценку стоимости.", 5),
    ("Заказчик {first}, проект {second}, подробности в личном чате.", 4),
    ("Требуется аккуратный код, тесты и краткая документация.", 3),
    ("Раньше использовали {tool}, теперь хотим перейти на {other}.", 3),
    ("Правки в течение месяца входят в цену заказа.", 2),
    ("Главные разделы: {first}, {second} и {third}.", 4),
    ("Желателен опыт от {days} лет и знание отрасли.", 2),
    ("Без посредников и студий, только частные специалисты.", 2),
    ("Готовое решение на {tool} тоже рассмотрим.", 2),
    ("Нужна связь с сервисами {first} и {second} через открытый интерфейс.", 2),
)
SYLLABLES = [a + b for a in "бвгдзклмнпрстфх" for b in "аеиоу"] + ["ст", "пр", "ор", "ан", "ель", "ник", "ров", "лин"]
TAIL = 60_000
EXPONENT = 1.05
SHIFT = 10
DRAWN_SENTENCES = 5.5
WHOLE = sum((rank + SHIFT) ** -EXPONENT for rank in range(TAIL))
TEXTS_OF_TAIL = {"first": 10, "second": 10, "third": 4}
"""Cumulated weights of the sentences that contain each of the three drawn words."""


@dataclass(frozen=True, slots=True)
class Text:
    """The texts of a generated order."""

    title: str
    description: str
    days: int


def tail(seed: int = 1) -> list[str]:
    """Return the made-up words, most frequent first."""
    random_ = random.Random(seed)
    words: dict[str, None] = {}
    while len(words) < TAIL:
        words["".join(random_.choices(SYLLABLES, k=random_.randint(3, 5)))] = None
    return list(words)


def expected(rank: int, orders: int) -> float:
    """Estimate how many orders contain the tail word of this rank."""
    share = (rank + SHIFT) ** -EXPONENT / WHOLE
    total = sum(weight for _, weight in SENTENCES)
    return orders * share * sum(1 - (1 - weight / total) ** DRAWN_SENTENCES for weight in TEXTS_OF_TAIL.values())


def texts(count: int, seed: int = 1) -> Iterator[Text]:
    """Generate the texts one by one."""
    words = tail(seed)
    heavy = list(itertools.accumulate((rank + SHIFT) ** -EXPONENT for rank in range(TAIL)))
    shapes = [shape for shape, _ in SENTENCES]
    weights = list(itertools.accumulate(weight for _, weight in SENTENCES))
    random_ = random.Random(seed + 1)
    choice, choices, uniform = random_.choice, random_.choices, random_.random
    for _ in range(count):
        first, second, third = choices(words, cum_weights=heavy, k=3)
        verb, thing, place = choice(ACTIONS), choice(THINGS), choice(PLACES)
        days = int(uniform() * 40) + 2
        fill = {
            "verb": verb,
            "thing": thing,
            "place": place,
            "tool": choice(TOOLS),
            "other": choice(TOOLS),
            "first": first,
            "second": second,
            "third": third,
            "days": days,
            "percent": (int(uniform() * 9) + 1) * 10,
        }
        body = choices(shapes, cum_weights=weights, k=int(uniform() * 6) + 3)
        yield Text(
            title=f"{verb.capitalize()} {thing} для {place}",
            description=" ".join([shape.format_map(fill) for shape in body]),
            days=days,
        )
