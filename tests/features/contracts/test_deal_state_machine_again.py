"""The other half of the examples: a file runs in one process, so that two share them."""

import pytest

from app.core.resources import Resources
from tests.factories.deal_life import COMMANDS
from tests.factories.deal_play import play
from tests.features.contracts.test_deal_state_machine import EXAMPLES


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [3, 4])
async def test_a_deal_does_exactly_what_the_model_says(live_resources: Resources, number: int) -> None:
    assert await play(live_resources, number, **EXAMPLES) == COMMANDS, "some command was never done"
