"""Judges limits in milliseconds: an address against its own statements over one asyncpg connection, in the same run."""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.environment import Served
from bench.load import Figure, Target, compare
from bench.report import Goal, Section
from bench.run import Run

HEADER = ["entry", "req/s", "p50 ms", "p99 ms", "first byte p50 ms", "p50 ×", "p99 ×", "CPU µs/request", "not 2xx"]


@dataclass(frozen=True)
class Judged:
    """Addresses of one kind, the multiple of their statements that is allowed, and the limit in milliseconds."""

    name: str
    paths: Sequence[str]
    headers: dict[str, str] = field(default_factory=dict)
    goal: str = ""
    times: float = 0.0
    limit: float = 0.0
    statistic: str = "p99"


PAGE = Judged("first page of the list", ("/api/v1/orders",))
PAGES_PER_MILLISECOND = 2
"""A limit of one millisecond allows two keyset pages over asyncpg, which take about 0.7 ms each when nothing else runs.

An address and its own statements slow down together when a statement gets worse; the keyset page does not.
"""


def compare_with_statements(
    run: Run, web: Served, title: str, kinds: Sequence[Judged]
) -> tuple[Section, dict[str, Figure]]:
    """Measure each kind in turn with its statements, in a closed loop on one connection.

    Returns:
        The table with its goals, and the figures of ipLance by name.
    """
    kinds = [PAGE, *kinds]
    with _targets(run, web, kinds) as targets:
        found = compare(targets, rounds=run.rounds, seconds=run.seconds, own=True)
    section = Section(title, HEADER, how=run.how(1, own=True))
    for kind, bare, ours in zip(kinds, found[::2], found[1::2], strict=True):
        section.rows += [_row(bare, bare), _row(ours, bare)]
        if kind.goal:
            section.goals.append(_judge(kind, ours, bare, page=found[0]))
    return section, dict(zip((kind.name for kind in kinds), found[1::2], strict=True))


def _judge(kind: Judged, ours: Figure, bare: Figure, *, page: Figure) -> Goal:
    times = ours.times(bare, kind.statistic)
    pages = statistics.median(own[kind.statistic] / base["p50"] for own, base in zip(ours.runs, page.runs, strict=True))
    most, figure = kind.limit * PAGES_PER_MILLISECOND, getattr(ours, kind.statistic)
    met = "met" if figure <= kind.limit else "not met"
    return Goal(
        kind.goal,
        f"≤ {kind.times:g} ×, ≤ {most:g} pages",
        f"{times:.2f} ×, {pages:.1f} pages",
        times <= kind.times and pages <= most and not ours.bad,
        f"≤ {kind.limit:g} ms: {figure:.2f} ms, {met}",
    )


@contextmanager
def _targets(run: Run, web: Served, kinds: Sequence[Judged]) -> Iterator[list[Target]]:
    entries = [{"path": path, "headers": kind.headers} for kind in kinds for path in kind.paths]
    with run.world.replay(entries) as least:
        targets: list[Target] = []
        first = 0
        for kind in kinds:
            replayed = tuple(f"/{number}" for number in range(first, first + len(kind.paths)))
            first += len(kind.paths)
            targets += [
                Target(f"{kind.name}: its statements", least.port, replayed, {}, least.pid, 1),
                Target(f"{kind.name}: ipLance", web.port, tuple(kind.paths), kind.headers, web.pid, 1),
            ]
        yield targets


def _row(figure: Figure, base: Figure) -> list[str]:
    return [
        figure.name,
        f"{figure.rps:.0f}",
        *(f"{each:.2f}" for each in (figure.p50, figure.p99, figure.first_p50)),
        *(f"{figure.times(base, key):.2f}" for key in ("p50", "p99")),
        f"{figure.cpu_us:.0f}",
        str(figure.bad),
    ]
