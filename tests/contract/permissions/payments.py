"""Payments: everybody has their own, money leaves with a key, and only the operator sees what is stuck."""

from typing import Any

from app.features.payments import service
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import ROLES, SIGNED_IN, Row, page
from tests.gateways.payments.provider import roubles

MONEY = {"money": {"amount": 100_00, "currency": "RUB"}}
NOT_OWN = (401, 404, 404, 404, 404)


async def make_payment(scene: Scene, row: Row, role: str) -> Any:
    """Begin a payment of the customer, or of the banned person for the banned role."""
    del row
    assert role in ROLES
    owner = scene.people["banned" if role == "banned" else "customer"]
    async with scene.market.uow() as work:
        return (await service.open_payment(work, owner.id, roubles(100))).id


async def make_nothing(scene: Scene, _row: Row, _role: str) -> Any:
    """Return an id that belongs to nothing."""
    return scene.people["customer"].id


MAKERS = {"payment_id": make_payment, "payout_id": make_nothing, "withdrawal_id": make_nothing, "case_id": make_nothing}
ROWS = [
    Row("GET /wallet", SIGNED_IN),
    Row("GET /wallet/history", SIGNED_IN),
    Row("GET /wallet/statement", SIGNED_IN),
    Row("GET /wallet/statement/{format}", SIGNED_IN, fixed={"format": "csv"}),
    Row("POST /payments", (401, 201, 201, 201, 201), body=MONEY),
    Row("GET /payments", SIGNED_IN),
    Row("GET /payments/{payment_id}", (401, 404, 404, 404, 200)),
    Row("POST /payments/{payment_id}/cancel", (401, 404, 404, 404, 204)),
    Row("POST /payments/{payment_id}/refunds", (401, 404, 404, 404, 409), body=MONEY),
    Row("POST /payouts", (401, 409, 409, 409, 409), body=MONEY | {"card": "4242424242424242"}),
    Row("GET /payouts", SIGNED_IN),
    Row("GET /payouts/requirements", SIGNED_IN),
    Row("GET /payouts/{payout_id}", NOT_OWN),
    Row("GET /withdrawals/{withdrawal_id}", NOT_OWN),
    Row("POST /withdrawals/{withdrawal_id}/cancel", NOT_OWN),
    Row("GET /stuck-money", (401, 403, 403, 403, 403), operator=200),
    Row(
        "POST /reconciliation-cases/{case_id}/close",
        (401, 403, 403, 403, 403),
        body={"note": "seen"},
        operator=404,
    ),
]
FORM = {"amount": "100"}
PAGES = [
    page("GET /wallet", 401, 200),
    page("GET /wallet/statement", 401, 200),
    page("GET /wallet/statement/{format}", 401, 200, fixed={"format": "jsonl"}),
    page("GET /wallet/top-up", 401, 200),
    page("POST /wallet/top-up", 401, 400, body=FORM),
    page("GET /wallet/payments", 401, 200),
    page("GET /wallet/payments/{payment_id}", 401, 404, 404, 404, 200),
    page("POST /wallet/payments/{payment_id}/cancel", 401, 404, 404, 404, 303),
    page("POST /wallet/payments/{payment_id}/refund", 401, 400, body=FORM),
    page("GET /wallet/withdraw", 401, 200),
    page("POST /wallet/withdraw", 401, 400, body=FORM),
    page("GET /wallet/unlock", 401, 200),
    page("POST /wallet/unlock", 401, 403, body={"password": "not this one"}),
    page("GET /wallet/withdrawals", 401, 200),
    page("GET /wallet/withdrawals/{payout_id}", 401, 404),
    page("POST /wallet/withdrawals/{payout_id}/cancel", 401, 400),
    page("GET /stuck-money", 401, 403, operator=200),
    page("POST /stuck-money/{case_id}/close", 401, 403, body={"note": "seen"}, operator=404),
    page("POST /webhooks/payments/{provider}", 403, 403, body={}, fixed={"provider": "sandbox"}, banned=403),
]
