"""Checks that no function has too many branches: `python -m tools.complexity`.

radon counts them: unlike ruff, it includes conditional expressions, comprehensions and boolean operators. A function
above the limit is listed in `complexity.toml` with the reason why it is not split.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from radon.complexity import cc_visit
from radon.visitors import Class, Function

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("app", "tools")
REASONS = Path(__file__).with_suffix(".toml")
MAX_BRANCHES = 10


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Yield every function and method of a module with its complexity, nested ones included."""
    yield from _functions(cc_visit(source), "")


def _functions(blocks: Iterable[Class | Function], inside: str) -> Iterator[tuple[str, int]]:
    for block in blocks:
        name = f"{inside}{block.name}"
        if isinstance(block, Class):
            yield from _functions(block.methods, f"{name}.")
            yield from _functions(block.inner_classes, f"{name}.")
        elif inside or not block.is_method:  # radon also lists methods separately from their class
            yield name, block.complexity
            yield from _functions(block.closures, f"{name}.")


def measure(root: Path = ROOT) -> tuple[dict[str, int], int]:
    """Return the functions above the limit as `path::name`, and how many functions there are."""
    found: dict[str, int] = {}
    count = 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            for name, complexity in functions(path.read_text(encoding="utf-8")):
                count += 1
                if complexity > MAX_BRANCHES:
                    found[f"{path.relative_to(root).as_posix()}::{name}"] = complexity
    return found, count


def problems(found: Mapping[str, int], reasons: Mapping[str, str]) -> list[str]:
    """Return the problems: functions without a reason, and reasons without such a function."""
    wrong = [
        f"{name} has a complexity of {complexity}, at most {MAX_BRANCHES}: split it, or say why in {REASONS.name}"
        for name, complexity in found.items()
        if not reasons.get(name, "").strip()
    ]
    stale = reasons.keys() - found
    return wrong + [f"{name} is not above {MAX_BRANCHES} any more: take it out of {REASONS.name}" for name in stale]


def main() -> int:
    """Check this checkout and print the result."""
    found, count = measure()
    reasons: dict[str, str] = tomllib.loads(REASONS.read_text(encoding="utf-8"))["functions"]
    wrong = problems(found, reasons)
    print(f"Complexity: {count} functions, {len(found)} above {MAX_BRANCHES}, {len(reasons)} with a reason.")
    for line in sorted(wrong):
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
