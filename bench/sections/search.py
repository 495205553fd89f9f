"""Search for the newest 20 and for the best match, one connection, words of every frequency."""

from urllib.parse import quote

from bench.bare_statements import Judged, compare_with_statements
from bench.report import Section
from bench.run import Run
from bench.sample_texts import expected, tail

COMMON = ("разработать", "сайтами", "предоплата", "исполнитель", "документации", "презентация", "интернет-магазина")
PAIRS = ("разработать сайт", "перевод договора", "сделать логотип", "python postgresql")
TITLES = (
    "разработать мобильное приложение для кафе",
    "нарисовать логотип для школы танцев",
    "настроить чат поддержки для юриста",
)
TIMES = 3


def words(orders: int, least: float, most: float, count: int = 60) -> tuple[str, ...]:
    """Return tail words that are in that many orders."""
    fitting = [word for rank, word in enumerate(tail()) if least <= expected(rank, orders) < most]
    step = max(1, len(fitting) // count)
    return tuple(fitting[::step][:count])


def measure(run: Run) -> list[Section]:
    """Measure each class of words in a closed loop on one connection; each has its own row."""
    orders = run.world.orders
    kinds = {
        "common words, more than a tenth": COMMON,
        "words in 0.5 to 2 %": words(orders, orders * 0.005, orders * 0.02),
        "words in 0.02 to 0.1 %": words(orders, orders * 0.0002, orders * 0.001),
        "rare words, less than 0.004 %": words(orders, 0, orders * 0.00004),
        "two words": PAIRS,
        "a whole title": TITLES,
    }
    every = tuple(word for pool in zip(*(_cycled(kind, 60) for kind in kinds.values()), strict=True) for word in pool)
    newest = [
        Judged("all of them in turn", _newest(every), {}, "search, newest 20, all words in turn, p99", TIMES, 20),
        *(Judged(name, _newest(pool), {}, f"search, {name}, p99", TIMES, 20) for name, pool in kinds.items()),
    ]
    best = [
        Judged("all of them in turn", _best(every), {}, "search, best match, all words in turn, p99", TIMES, 80),
        *(Judged(name, _best(pool), {}, f"search, best match, {name}, p99", TIMES, 80) for name, pool in kinds.items()),
    ]
    with run.world.iplance() as web:
        by_time, _found = compare_with_statements(run, web, "Search, newest 20", newest)
        by_match, _found = compare_with_statements(run, web, "Search, best match", best)
    return [by_time, by_match]


def _newest(pool: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"/api/v1/orders?q={quote(word)}&sort=newest" for word in pool)


def _best(pool: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"/api/v1/orders?q={quote(word)}" for word in pool)


def _cycled(pool: tuple[str, ...], count: int) -> tuple[str, ...]:
    return tuple(pool[number % len(pool)] for number in range(count))
