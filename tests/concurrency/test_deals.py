"""Every pair of commands that a state allows, at the same instant: one wins, the other is refused with 409."""

import asyncio
from itertools import combinations_with_replacement

import pytest

from app.core.errors import ConflictError
from app.features.contracts import service
from app.features.contracts.rules import MILESTONE_MACHINE
from app.models import AccountKind
from app.models.deal import MilestoneStatus
from app.models.side import Side
from tests.factories.deal_commands import COMMANDS, PATHS, Command, reach
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

PARTS = [{"title": f"Part {number}", "amount": 100_000, "days": 1} for number in range(1, 16)]


def pairs(state: MilestoneStatus) -> list[tuple[Command, Command]]:
    """Return every pair of commands that the table allows in a state, each with itself too."""
    possible = [
        command
        for command in COMMANDS
        if command.event in MILESTONE_MACHINE.events(state, command.side)
        and not (state is MilestoneStatus.REVISION and command.name == "ask_refund")  # not before its time
    ]
    return list(combinations_with_replacement(possible, 2))


STATES = [state for state in PATHS if pairs(state)]


async def run(scene: DealScene, command: Command, place: int, version: int) -> bool:
    """Send a command in a transaction of its own; return whether it was done."""
    actor = scene.customer if command.side is Side.CUSTOMER else scene.freelancer
    try:
        async with scene.market.uow() as work:
            await command.run(work, actor, scene.milestones[place], version)
    except ConflictError:
        return False
    return True


@pytest.mark.parametrize("state", STATES)
async def test_one_of_two_commands_wins(live_market: Market, state: MilestoneStatus) -> None:
    racing = pairs(state)
    assert len(racing) <= len(PARTS)
    scene = await make_deal(live_market, milestones=PARTS, price={"amount": 1_500_000, "currency": "RUB"}, term_days=30)
    await scene.fund(len(PARTS) - 1)  # the contract stays open
    for place, (first, second) in enumerate(racing):
        await reach(scene, state, place)
        version = (await scene.milestone(place)).version
        done = await asyncio.gather(*(run(scene, each, place, version) for each in (first, second)))
        assert sorted(done) == [False, True], (first.name, second.name)
        milestone = await scene.milestone(place)
        assert milestone.version == version + 1
        held = milestone.funded - milestone.released - milestone.refunded
        assert await scene.escrow(place) == (held, 0)
    async with live_market.uow() as work:
        shown = await service.get_contract(work.session, scene.customer, scene.contract_id)
    assert shown.deal is not None
    spent = 20_000_000 - await scene.wallet(scene.customer)
    assert spent == shown.deal.money.held + await scene.holds(AccountKind.MATURING, scene.freelancer.id)
