"""`make bench`: all sections, or `python -m bench me lists`; `make bench Q=1` is a short run with 20 000 orders."""

import argparse
import importlib
import os
import sys
import time

from bench.environment import World
from bench.fill_orders import prepare
from bench.report import RESULTS, Book, show
from bench.run import Run

SECTIONS = [
    "me",
    "lists",
    "deep",
    "pages",
    "plain",
    "fast_paths",
    "search",
    "facets",
    "people",
    "inserts",
    "signins",
    "enumeration",
    "alerts",
]
SECTIONS += ["starts", "files"]
MONEY = ["postings", "sweep", "money_http", "ledger_growth", "ledger_verify"]
SECTIONS += MONEY
WITHOUT_WORLD = {"starts", *MONEY}
WITHOUT_ORDERS = {"starts", "me", "deep", "signins", "enumeration", "files"}
FULL = 1_000_000
TRANSFERS, FEW_TRANSFERS = 300_000, 100_000
QUICK = 20_000


def main() -> None:
    """Measure the sections and write the report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help=f"some of {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", default=bool(os.getenv("Q")), help="few orders, short rounds")  # noqa: TID251 - an argument of make
    parser.add_argument("--orders", type=int, help=f"how many orders ({FULL}; {QUICK} for a quick look)")
    parser.add_argument("--rounds", type=int, help="rounds of each comparison (3, quick 1)")
    parser.add_argument("--seconds", type=int, help="length of a round (4, quick 2)")
    parser.add_argument(
        "--transfers", type=int, help=f"size of the ledger of {', '.join(MONEY)} ({TRANSFERS}; quick {FEW_TRANSFERS})"
    )
    chosen = parser.parse_args()
    quick = chosen.quick
    orders = chosen.orders or (QUICK if quick else FULL)
    world = World(orders)
    transfers = chosen.transfers or (FEW_TRANSFERS if quick else TRANSFERS)
    run = Run(world, chosen.rounds or (1 if quick else 3), chosen.seconds or (2 if quick else 4), transfers)
    book = Book(world.folder, SECTIONS)
    names = chosen.sections or SECTIONS
    if set(names) - WITHOUT_WORLD:
        prepare(world, orders=bool(set(names) - WITHOUT_ORDERS))
    world.folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        began = time.monotonic()
        print(f"{name}:", file=sys.stderr, flush=True)
        sections = importlib.import_module(f"bench.sections.{name}").measure(run)
        book.note(name, sections)
        for section in sections:
            print(show(section), end="\n\n", flush=True)
        print(f"  {name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if not quick and orders == FULL:
        book.write(orders)
        print(f"Written to {RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    main()
