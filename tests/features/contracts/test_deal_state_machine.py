"""A deal does what its model says, whatever happens: half of the examples, and all that a campaign tries."""

import pytest

from app.core.resources import Resources
from app.features.contracts.rules import MILESTONE_MACHINE
from tests.factories.deal_life import COMMANDS
from tests.factories.deal_play import play
from tests.factories.deal_table import ARROWS

EXAMPLES = {"max_examples": 75, "stateful_step_count": 40, "database": None}


def test_the_published_table_is_the_one_of_the_model() -> None:
    published = {
        (arrow.source.value, arrow.event.value): (str(arrow.side), arrow.target.value)
        for arrow in MILESTONE_MACHINE.transitions
    }
    assert published == ARROWS


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [1, 2])
async def test_a_deal_does_exactly_what_the_model_says(live_resources: Resources, number: int) -> None:
    assert await play(live_resources, number, **EXAMPLES) == COMMANDS, "some command was never done"


@pytest.mark.campaign
@pytest.mark.timeout(14_400)
async def test_a_deal_does_exactly_what_the_model_says_for_long(live_resources: Resources) -> None:
    """Failing examples are kept in Hypothesis's folder, and tried first by the next run."""
    await play(live_resources, max_examples=5_000, stateful_step_count=80)
