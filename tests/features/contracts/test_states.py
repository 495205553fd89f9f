"""Every state of a milestone answers every command: as the published table says, or with a named refusal."""

import pytest

from app.core.errors import DomainError
from app.features.contracts import service
from app.features.contracts.errors import (
    MilestoneNotFoundError,
    MilestoneStateError,
    RefundTooEarlyError,
    WrongPartyError,
)
from app.features.contracts.rules import MILESTONE_MACHINE, MilestoneEvent
from app.models.deal import MilestoneStatus
from app.models.side import Side
from tests.factories.deal_commands import COMMANDS, PATHS, Command, reach
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

OTHER_WAYS = {
    MilestoneEvent.FUNDING_PAID: "the payment",
    MilestoneEvent.FUNDING_FAILED: "the payment",
    MilestoneEvent.CANCEL: "the end of the contract",
    MilestoneEvent.ACCEPT_BY_SILENCE: "a timer",
    MilestoneEvent.RESUBMISSION_LATE: "a timer",
    MilestoneEvent.REFUND_BY_SILENCE: "a timer",
    MilestoneEvent.PART_REFUND_BY_SILENCE: "a timer",
    MilestoneEvent.PART_REFUND_UNSTARTED: "a timer",
    MilestoneEvent.WITHDRAW_REFUND_UNSTARTED: "the command that withdraws, where work had not begun",
    MilestoneEvent.WITHDRAW_REFUND_OF_CHANGES: "the command that withdraws, where changes were requested",
    MilestoneEvent.AGREE_PART_REFUND: "the command that agrees, where a part was asked for",
}
"""Events without a command of their own, and what triggers them."""


def test_each_event_of_the_table_has_a_command_or_a_reason() -> None:
    named = {command.event for command in COMMANDS} | OTHER_WAYS.keys()
    assert named == {arrow.event for arrow in MILESTONE_MACHINE.transitions} == set(MilestoneEvent)
    assert PATHS.keys() | {MilestoneStatus.CANCELLED} == set(MILESTONE_MACHINE.states)


def expected(state: MilestoneStatus, command: Command, side: Side | None) -> type[DomainError] | None:
    """Return the refusal of a command by a side in a state, None where the table allows it."""
    if side is None:
        return MilestoneNotFoundError
    if side is not command.side:
        return WrongPartyError
    if command.event not in MILESTONE_MACHINE.events(state, side):
        return MilestoneStateError
    early = state is MilestoneStatus.REVISION and command.event is MilestoneEvent.ASK_REFUND
    return RefundTooEarlyError if early else None


async def answer(scene: DealScene, command: Command, side: Side | None) -> DomainError | None:
    """Return how a command by a side is refused, None where it is done; nothing of it is kept."""
    milestone = await scene.milestone()
    people = {Side.CUSTOMER: scene.customer, Side.FREELANCER: scene.freelancer}
    actor = people[side] if side is not None else await scene.market.person()
    async with scene.market.uow() as work:
        try:
            await command.run(work, actor, milestone.id, milestone.version)
        except DomainError as refusal:
            return refusal
        finally:
            await work.session.rollback()
    return None


@pytest.mark.parametrize("state", MILESTONE_MACHINE.states)
async def test_every_command_of_everybody(market: Market, state: MilestoneStatus) -> None:
    scene = await make_deal(market)
    if state is MilestoneStatus.CANCELLED:
        async with market.uow() as work:
            await service.end_contract(work, scene.customer, scene.contract_id)
    else:
        await reach(scene, state)
    assert (await scene.milestone()).status is state
    for command in COMMANDS:
        for side in (Side.CUSTOMER, Side.FREELANCER, None):
            told, wanted = await answer(scene, command, side), expected(state, command, side)
            assert type(told) is (wanted or type(None)), (command.name, side)
            assert told is None or told.text()
