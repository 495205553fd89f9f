"""Every section that `make bench` names exists and can be measured."""

import importlib


def test_every_section_has_its_module() -> None:
    names = importlib.import_module("bench.__main__").SECTIONS
    assert len(names) > 10
    for name in names:
        assert callable(importlib.import_module(f"bench.sections.{name}").measure), name
