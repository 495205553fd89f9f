"""The complexity check: what is counted, and which entries the list of reasons may have."""

from pathlib import Path

from tools.complexity import MAX_BRANCHES, functions, measure, problems

SOURCE = """
def plain():
    return 1

class Outer:
    def method(self, a, b):
        return a and b

    class Inner:
        def deep(self, a):
            return 1 if a else 2

async def outer(items):
    def nested(item):
        return [x for x in item if x]
    return [nested(item) for item in items]
"""


def test_functions_methods_and_nested_functions_are_counted_once() -> None:
    found = list(functions(SOURCE))
    assert sorted(name for name, _ in found) == ["Outer.Inner.deep", "Outer.method", "outer", "outer.nested", "plain"]
    assert dict(found)["plain"] == 1
    assert dict(found)["Outer.method"] == 2, "what ruff does not count"
    assert dict(found)["Outer.Inner.deep"] == 2
    assert dict(found)["outer.nested"] == 3


def test_only_those_above_the_limit_are_named(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    words = " or ".join("a" * MAX_BRANCHES)
    (tmp_path / "app" / "x.py").write_text(
        f"def good(a):\n    return {words}\n\ndef bad(a):\n    return {words} or a\n"
    )
    assert measure(tmp_path) == ({"app/x.py::bad": MAX_BRANCHES + 1}, 2)


def test_a_reason_is_needed_and_does_not_outlive_its_function() -> None:
    assert problems({"x::f": 11}, {"x::f": "because"}) == []
    (missing,) = problems({"x::f": 11}, {"x::f": " "})
    assert "x::f has a complexity of 11, at most 10" in missing
    (stale,) = problems({}, {"x::f": "because"})
    assert "x::f is not above 10 any more" in stale
