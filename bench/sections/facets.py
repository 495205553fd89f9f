"""Best match, sort by budget, counts per skill, feed and did-you-mean over all orders, one connection."""

import statistics
import time
from urllib.parse import quote

from app.features.catalog.rules import Catalogue, CategoryEntry, SkillEntry
from bench.bare_statements import Judged, compare_with_statements
from bench.report import Section, within
from bench.run import Run
from bench.sample_texts import tail

WORDS = ("разработать", "логотип", "перевод договора", "python postgresql", "сайтами")
TERMS = 100_000
MISTYPED = ("разрабтать", "логотп", "переовд", "настрить", "презентцаия")

SCANS = 8
"""Scans of all names that the slowest kind of suggestion may take."""
GOALS = {
    "best match": ("orders by best match, p99", 3, 80),
    "by budget": ("orders by budget, p99", 3, 80),
    "counts per skill": ("counts per skill, p99", 3, 80),
    "did you mean": ("did you mean, p99", 3, 40),
    "suggested skills": ("suggestions while typing, p99", 3, 50),
}
"""For each kind: the goal, the multiple of its statements, and the limit in milliseconds on the reference machine."""


def measure(run: Run) -> list[Section]:
    """Measure each kind of query in a closed loop; each has its own row."""
    kinds = {
        "best match": tuple(f"/api/v1/orders?q={quote(word)}" for word in WORDS),
        "by budget": tuple(f"/api/v1/orders?sort=budget&currency=RUB{more}" for more in ("", "&skills=python")),
        "closing soon": ("/api/v1/orders?sort=closing",),
        "any of several skills": ("/api/v1/orders?skills=python,logo-design&skills_mode=any",),
        "counts per skill": tuple(f"/api/v1/orders/facets?q={quote(word)}" for word in WORDS),
        "did you mean": tuple(f"/api/v1/orders/did-you-mean?q={quote(word)}" for word in MISTYPED),
        "Atom feed": tuple(f"/orders.atom?q={quote(word)}" for word in WORDS[:2]),
        "suggested skills": tuple(f"/api/v1/skills?q={quote(word)}" for word in ("py", "диз", "логотп", "пайтон", "s")),
    }
    judged = [Judged(name, paths, {}, *GOALS.get(name, ())) for name, paths in kinds.items()]
    with run.world.iplance() as web:
        section, _found = compare_with_statements(run, web, "Ranking, counting and forgiving", judged)
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
    scans = _scans([skill.slug for skill in skills], some)
    rows = [
        [kind, f"{statistics.median(each):.2f}", f"{sorted(each)[int(len(each) * 0.99) - 1]:.2f}"]
        for kind, each in taken.items()
    ]
    section = Section(f"Suggestions among {TERMS:,} names", ["typed", "p50 ms", "p99 ms"], rows)
    section.how = f"In the process, {len(some)} texts of each kind; made ready in {built:.1f} s."
    worst = max(float(row[2]) for row in rows)
    scan = statistics.median(scans)
    rows.append(["a scan of all names for the text", f"{scan:.2f}", f"{max(scans):.2f}"])
    goal = f"suggestions among {TERMS:,} names, the slowest kind, p99, to a scan"
    section.goals = [within(goal, worst / scan, SCANS, worst, 50)]
    return section


def _scans(names: list[str], some: list[str]) -> list[float]:
    """Return the milliseconds that comparing a text with every name takes, for each text."""
    taken: list[float] = []
    for text in some:
        began = time.perf_counter()
        _found = [name for name in names if text in name]
        taken.append((time.perf_counter() - began) * 1000)
    return taken
