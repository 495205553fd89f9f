"""Every section that `make bench` names exists and can be measured."""

import importlib

import pytest

from bench.__main__ import SECTIONS


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_has_its_module(name: str) -> None:
    assert callable(importlib.import_module(f"bench.sections.{name}").measure)
