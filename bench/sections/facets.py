"""Best match, sort by budget, counts per skill, feed and did-you-mean over all orders, one connection."""

import statistics
import time
from urllib.parse import quote

from app.features.catalog.rules import Catalogue, CategoryEntry, SkillEntry
from bench.load import Target, compare
from bench.report import Section, at_most, figures
from bench.run import Run
from bench.sample_texts import tail

WORDS = ("разработать", "логотип", "перевод договора", "python postgresql", "сайтами")
TERMS = 100_000
MISTYPED = ("разрабтать", "логотп", "переовд", "настрить", "презентцаия")


def measure(run: Run) -> list[Section]:
    """Measure each kind of query in a closed loop; each has its own row."""
    kinds = {
        "best match": tuple(f"/api/v1/orders?q={quote(word)}&sort=match" for word in WORDS),
        "by budget": tuple(f"/api/v1/orders?sort=budget&currency=RUB{more}" for more in ("", "&skills=python")),
        "closing soon": ("/api/v1/orders?sort=closing",),
        "any of several skills": ("/api/v1/orders?skills=python,logo-design&skills_mode=any",),
        "counts per skill": tuple(f"/api/v1/orders/facets?q={quote(word)}" for word in WORDS),
        "did you mean": tuple(f"/api/v1/orders/did-you-mean?q={quote(word)}" for word in MISTYPED),
        "Atom feed": tuple(f"/orders.atom?q={quote(word)}" for word in WORDS[:2]),
        "suggested skills": tuple(f"/api/v1/skills?q={quote(word)}" for word in ("py", "диз", "логотп", "пайтон", "s")),
    }
    with run.world.iplance() as web:
        targets = [Target(name, web.port, paths, {}, web.pid, 1) for name, paths in kinds.items()]
        found = compare(targets, rounds=run.rounds, seconds=run.seconds, own=True)
    section = figures("Ranking, counting and forgiving", found, how=run.how(1, own=True))
    section.header[2] = "to the first row"
    by_name = {each.name: each for each in found}
    section.goals = [
        at_most("orders by best match, p99", by_name["best match"].p99, 80, " ms"),
        at_most("orders by budget, p99", by_name["by budget"].p99, 80, " ms"),
        at_most("counts per skill, p99", by_name["counts per skill"].p99, 80, " ms"),
        at_most("did you mean, p99", by_name["did you mean"].p99, 40, " ms"),
        at_most("suggestions while typing, p99", by_name["suggested skills"].p99, 50, " ms"),
    ]
    return [section, suggestions()]


def suggestions() -> Section:
    """Request suggestions from a catalogue of a hundred thousand names while typing, with and without typing errors."""
    parts = tail()
    names = [parts[number % len(parts)] + parts[number * 31 % 997] for number in range(TERMS // 2)]
    skills = tuple(
        SkillEntry(f"skill-{number}", 1, f"{name} {number}", f"работа {name} {number}", ())
        for number, name in enumerate(names)
    )
    began = time.perf_counter()
    catalogue = Catalogue((CategoryEntry(1, "all", None, "All", "Все"),), skills)
    catalogue.suggest("qqqq")  # the index of misspellings is built on first use
    built = time.perf_counter() - began
    some = names[:: len(names) // 120]
    taken: dict[str, list[float]] = {}
    for kind, typed in (
        ("two letters", [name[:2] for name in some]),
        ("half a word", [name[: len(name) // 2] for name in some]),
        ("a later word", [f"{name[:7]}" for name in some]),
        ("a letter left out", [name[:2] + name[3:] for name in some]),
        ("nothing like it", [f"{name[::-1]}ъъ" for name in some]),
    ):
        for text in typed:
            began = time.perf_counter()
            catalogue.suggest(text)
            taken.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
    rows = [
        [kind, f"{statistics.median(each):.2f}", f"{sorted(each)[int(len(each) * 0.99) - 1]:.2f}"]
        for kind, each in taken.items()
    ]
    section = Section(f"Suggestions among {TERMS:,} names", ["typed", "p50 ms", "p99 ms"], rows)
    section.how = f"In the process, {len(some)} texts of each kind; made ready in {built:.1f} s."
    worst = max(float(row[2]) for row in rows)
    section.goals = [at_most(f"suggestions among {TERMS:,} names, the slowest kind, p99", worst, 50, " ms")]
    return section
