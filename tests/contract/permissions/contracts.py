"""Agreements, and contracts with their milestones: seen and moved by their two parties alone."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.core.ids import new_id
from app.features.contracts import service
from app.features.contracts.schemas import ChangeOrderCreate
from app.models.deal import MilestoneStatus
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import SIGNED_IN, Row, page
from tests.factories.deal_commands import reach
from tests.factories.deals import DealScene, pay_into_wallet

PAID = 100_000_000
CHANGE = {"title": "Delivery", "amount": 100, "days": 1, "checklist": ["Delivery"]}
_kept: dict[tuple[UUID, str, str], tuple[dict[str, Any], str]] = {}
"""The contract of a row and its last reader: it is made again only after somebody could change it."""


async def _contract(scene: Scene, row: Row, role: str) -> dict[str, Any]:
    """Return a contract whose only milestone is in the state of the row; a banned person was its client."""
    customer = scene.people["banned" if role == "banned" else "customer"]
    place = (customer.id, row.route, row.state)
    made, before = _kept.get(place, ({}, role))
    if not made or row.cells[before] in (200, 201, 303):
        made = await _make(scene, row, role)
    _kept[place] = made, role
    return made


async def _make(scene: Scene, row: Row, role: str) -> dict[str, Any]:
    ids = await scene.market_of(row, role)
    market, customer = scene.market, scene.people["banned" if role == "banned" else "customer"]
    async with market.uow() as work:
        await service.accept_proposal(work, customer, ids["proposal_id"])
        await pay_into_wallet(work, customer, PAID)
        contract_id = await service.find_contract(work.session, customer, ids["order_id"])
        assert contract_id is not None
        shown = await service.get_contract(work.session, customer, contract_id)
    assert shown.deal is not None
    milestone = shown.deal.milestones[0]
    deal = DealScene(market, customer, scene.people["freelancer"], contract_id, [milestone.id])
    state = row.state if row.state in set(MilestoneStatus) else {"open": "planned", "paused": "funded"}[row.state]
    await reach(deal, MilestoneStatus(state))
    async with market.uow() as work:
        if row.state == "paused":
            await service.pause_contract(work, customer, contract_id)
        if "change_order_id" in row.route:
            command = ChangeOrderCreate.model_validate({"changes": [CHANGE]})
            ids["change_order_id"] = (await service.propose_change(work, customer, contract_id, command)).id
    return ids | {"contract_id": contract_id, "milestone_id": milestone.id}


MAKERS: dict[str, Any] = dict.fromkeys(("contract_id", "milestone_id", "change_order_id"), _contract)

ONE, WHOLE = "/milestones/{milestone_id}", "/contracts/{contract_id}"
ANSWERS = [{"text": "Done"}]


def at(version: int, **more: Any) -> dict[str, Any]:
    """Return the body of an action on a milestone of this version."""
    return {"version": version} | more


def _customers(action: str, state: str, body: dict[str, Any]) -> Row:
    """Return the row of an action of the client."""
    return Row(f"POST {ONE}/{action}", (401, 404, 404, 403, 200), state, body)


def _freelancers(action: str, state: str, body: dict[str, Any]) -> Row:
    """Return the row of an action of the freelancer."""
    return Row(f"POST {ONE}/{action}", (401, 404, 404, 200, 403), state, body)


ROWS = [
    Row("POST /proposals/{proposal_id}/accept", (401, 404, 404, 403, 200), body={"version": 1}),
    Row("POST /offers/{offer_id}/accept", (401, 404, 404, 200, 403), body={"order_version": 1}),
    Row("GET /contracts", SIGNED_IN),
    Row(f"GET {WHOLE}", (401, 404, 404, 200, 200)),
    Row(f"POST {WHOLE}/pause", (401, 404, 404, 200, 200), "funded"),
    Row(f"POST {WHOLE}/resume", (401, 404, 404, 200, 200), "paused"),
    Row(f"POST {WHOLE}/end", (401, 404, 404, 200, 200)),
    Row(f"POST {WHOLE}/change-orders", (401, 404, 404, 201, 201), body={"changes": [CHANGE]}),
    Row("POST /change-orders/{change_order_id}/answer", (401, 404, 404, 200, 403), body={"agree": True}),
    Row("POST /change-orders/{change_order_id}/withdraw", (401, 404, 404, 403, 200)),
    _customers("fund", "open", at(1)),
    Row(f"POST {ONE}/pay", (401, 404, 404, 403, 201), "open", at(1)),
    _freelancers("start", "funded", at(2)),
    _freelancers("submit", "in_work", at(3, answers=ANSWERS)),
    _customers("accept", "submitted", at(4)),
    _customers("request-changes", "submitted", at(4, lines=[{"line": 0, "text": "Prices"}])),
    _customers("ask-refund", "funded", at(2, reason="Plans changed")),
    _customers("withdraw-refund", "refund_requested", at(4)),
    _freelancers("answer-refund", "refund_requested", at(4, agree=True)),
    _freelancers("return-money", "funded", at(2)),
    _customers("bonus", "funded", at(2, amount=100)),
]


def once(**fields: str) -> Any:
    """Return a function that makes the fields of a form, with a one-time value."""

    def made(_ids: Mapping[str, Any]) -> dict[str, str]:
        return {"once": new_id().hex} | fields

    return made


STEP = "POST /contracts/{contract_id}/milestones/{milestone_id}"
PAGES = [
    page("GET /proposals/{proposal_id}/accept", 401, 404, 404, 303, 200),
    page("POST /proposals/{proposal_id}/accept", 401, 404, 404, 403, 303),
    page("POST /offers/{offer_id}/accept", 401, 404, 404, 303, 403),
    page("GET /contracts", 401, 200),
    page("GET /contracts/{contract_id}", 401, 404, 404, 200, 200),
    page("POST /contracts/{contract_id}/{step}", 401, 404, 404, 303, 303, fixed={"step": "end"}),
    page("GET /contracts/{contract_id}/change", 401, 404, 404, 200, 200),
    page(
        "POST /contracts/{contract_id}/change",
        *(401, 404, 404, 303, 303),
        body={"title": "Delivery", "amount": "1", "days": "1", "checklist": "Delivery"},
    ),
    page(
        "POST /contracts/{contract_id}/changes/{change_order_id}/{answer}",
        *(401, 404, 404, 303, 403),
        body=once(),
        fixed={"answer": "sign"},
    ),
    page("GET /milestones/{milestone_id}", 401, 404, 404, 303, 303),
    page(f"{STEP}/pay", 401, 404, 404, 403, 303, body=once(version="1")),
    page(
        f"{STEP}/{{step}}",
        *(401, 404, 404, 403, 303),
        body=once(version="1"),
        fixed={"step": "fund"},
    ),
    page(f"{STEP.replace('POST', 'GET')}/forms/{{form}}", 401, 404, 404, 200, 200, fixed={"form": "bonus"}),
    page(
        f"{STEP}/forms/{{form}}",
        *(401, 404, 404, 403, 303),
        state="funded",
        body=once(version="2", amount="1"),
        fixed={"form": "bonus"},
    ),
    page(f"{STEP.replace('POST', 'GET')}/submit", 401, 404, 404, 200, 200),
    page(f"{STEP}/submit", 401, 404, 404, 303, 403, state="in_work", body={"version": "3", "answer-0": "Done"}),
]
