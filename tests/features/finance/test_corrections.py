"""Corrections: two people, never one's own money, one posting, and everybody concerned is told."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from app.core.actor import Actor
from app.core.audit import read_audit
from app.core.clock import utc_now
from app.core.errors import DomainError
from app.core.http.submissions import ONCE_FIELD
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.unit_of_work import unit_of_work
from app.features.authentication.service import Caller
from app.features.finance import service
from app.features.finance.errors import (
    ApproverNeededError,
    CorrectionDecidedError,
    CorrectionNotFoundError,
    InvalidCorrectionError,
    SecondPersonNeededError,
)
from app.features.finance.rules import ALONE_WINDOW, DECIDED_WITHIN, REVERSIBLE, suffices_alone
from app.features.finance.schemas import CorrectionCreate
from app.features.finance.tasks import announce_expired
from app.features.ledger import service as ledger
from app.features.ledger.errors import InsufficientFundsError
from app.features.legal import service as legal
from app.features.legal.schemas import LegalStatusPut
from app.features.payments.errors import OwnMoneyError
from app.models import (
    AccountKind,
    CorrectionKind,
    CorrectionReason,
    CorrectionState,
    DealEntry,
    LedgerCorrection,
    LegalKind,
    TxnTemplate,
)
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.deals import make_deal
from tests.factories.orders import Market
from tests.factories.users import actor_for, make_user
from tests.features.payments.test_pages import once
from tests.features.payments.till import Till
from tests.gateways.payments.provider import roubles

API = "/api/v1/finance/corrections"
DETAILS = {"legal_name": "Vera Petrova", "tax_number": "500100732259", "address": "101000, Moscow, Tverskaya 1"}
CALLER = Caller("127.0.0.1", "127.0.0.1", "", None)


async def staff(till: Till, role: Role = Role.FINANCE_APPROVER, **given: Any) -> Actor:
    async with unit_of_work(till.resources) as uow:
        return actor_for(await make_user(uow.session, role=role, **given))


def asked(**given: Any) -> CorrectionCreate:
    content = {
        "kind": "correction",
        "debit": "loss",
        "credit": "suspense",
        "money": {"amount": 50_00, "currency": "RUB"},
        "reason": "own_mistake",
        "explanation": "Booked to the wrong account.",
        "evidence": "Bank order 17",
    }
    return CorrectionCreate.model_validate(content | given)


async def proposed(till: Till, actor: Actor, **given: Any) -> LedgerCorrection:
    async with unit_of_work(till.resources) as uow:
        return await service.propose(uow, actor, asked(**given))


async def approved(till: Till, actor: Actor, correction_id: UUID) -> LedgerCorrection:
    async with unit_of_work(till.resources) as uow:
        return await service.approve(uow, actor, correction_id, "Checked.")


async def refusal(work: Awaitable[Any]) -> type[DomainError] | None:
    try:
        await work
    except DomainError as refused:
        return type(refused)
    return None


async def test_one_proposes_another_approves_and_the_entry_is_made_once(till: Till) -> None:
    first, second = await staff(till, Role.FINANCE), await staff(till)
    made = await proposed(till, first)
    assert await till.balance(AccountKind.SUSPENSE) == 0
    done = await approved(till, second, made.id)
    assert done.state is CorrectionState.EXECUTED
    assert await till.balance(AccountKind.SUSPENSE) == 50_00
    assert await refusal(approved(till, second, made.id)) is CorrectionDecidedError
    async with till.resources.read_sessions() as session:
        txn = await ledger.find(session, f"correction:{made.id}")
        found = await read_audit(session, subjects={str(made.id)}, limit=9)
    assert txn is not None
    assert (txn.id, txn.actor_id, txn.reason) == (done.txn_id, second.id, "own_mistake")
    assert [(it.action, it.actor) for it in found] == [
        ("correction.executed", second.username),
        ("correction.propose", first.username),
    ]


async def test_nobody_approves_alone(till: Till) -> None:
    first, other = await staff(till), await staff(till, Role.FINANCE)
    made = await proposed(till, first)
    assert await refusal(approved(till, first, made.id)) is SecondPersonNeededError
    assert await refusal(approved(till, other, made.id)) is ApproverNeededError
    assert await refusal(approved(till, first, new_id())) is CorrectionNotFoundError
    async with unit_of_work(till.resources) as uow:
        assert await refusal(service.refuse(uow, other, made.id)) is ApproverNeededError
    second = await staff(till)
    for actor in (first, second):
        details = LegalStatusPut(kind=LegalKind.SELF_EMPLOYED, country="RU", fields=DETAILS, version=0)
        async with unit_of_work(till.resources) as uow:
            await legal.save_status(uow, actor, details, CALLER)
    assert await refusal(approved(till, second, made.id)) is SecondPersonNeededError, "the same tax number"
    assert await till.balance(AccountKind.SUSPENSE) == 0


async def test_the_database_knows_no_correction_of_one_person(till: Till) -> None:
    first = await staff(till)
    made = await proposed(till, first)
    values = {"state": "executed", "txn_id": new_id(), "decided_by_id": first.id, "decided_at": utc_now()}
    with pytest.raises(DBAPIError, match="ck_ledger_corrections_two_people"):
        await _change(till, made.id, **values)
    with pytest.raises(DBAPIError, match="only these may change"):
        await _change(till, made.id, amount=1)
    with pytest.raises(DBAPIError):
        async with unit_of_work(till.resources) as uow:
            await uow.session.execute(text("TRUNCATE ledger_corrections"))


async def _change(till: Till, correction_id: UUID, **values: Any) -> None:
    async with unit_of_work(till.resources) as uow:
        await uow.session.execute(update(LedgerCorrection).where(LedgerCorrection.id == correction_id).values(**values))


async def test_nobody_corrects_money_of_their_own(till: Till) -> None:
    first, second = await staff(till), await staff(till)
    own = {"debit": "claim", "credit": "loss", "username": first.username}
    assert await refusal(proposed(till, first, **own)) is OwnMoneyError
    made = await proposed(till, first, **(own | {"username": second.username}))
    assert await refusal(approved(till, second, made.id)) is OwnMoneyError


async def test_a_proposal_is_withdrawn_refused_or_expires(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await staff(till, Role.FINANCE), await staff(till)
    for actor, state in ((first, CorrectionState.WITHDRAWN), (second, CorrectionState.REFUSED)):
        made = await proposed(till, first)
        async with unit_of_work(till.resources) as uow:
            assert (await service.refuse(uow, actor, made.id, "No.")).state is state
        assert await refusal(approved(till, second, made.id)) is CorrectionDecidedError
    made = await proposed(till, first)
    monkeypatch.setattr("app.features.finance.service.corrections.utc_now", lambda: made.expires_at)
    assert await refusal(approved(till, second, made.id)) is CorrectionDecidedError


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"debit": "wallet"}, "credit"),
        ({"debit": "suspense"}, "credit"),
        ({"credit": "escrow"}, "credit"),
        ({"money": None}, "money"),
        ({"debit": "claim"}, "username"),
        ({"kind": "assignment", "username": "nobody_at_all"}, "username"),
        ({"kind": "reversal"}, "reverses"),
        ({"kind": "reversal", "reverses": str(new_id())}, "reverses"),
        ({"contract_id": str(new_id())}, "contract_id"),
    ],
)
async def test_what_cannot_be_corrected_names_the_field(till: Till, given: dict[str, Any], field: str) -> None:
    first = await staff(till)
    with pytest.raises(InvalidCorrectionError) as refused:
        await proposed(till, first, **given)
    assert [each.loc for each in refused.value.errors] == [(field,)]


async def test_what_a_state_rests_on_is_not_reversed(till: Till) -> None:
    assert not {TxnTemplate.RELEASE, TxnTemplate.MATURE, TxnTemplate.BONUS, TxnTemplate.PAYOUT} & set(REVERSIBLE)
    first, second = await staff(till), await staff(till)
    payment_id = await till.paid(100)
    async with till.resources.read_sessions() as session:
        deposit = await ledger.find(session, f"deposit:{payment_id}")
    assert deposit is not None
    assert await refusal(proposed(till, first, kind="reversal", reverses=deposit.id)) is InvalidCorrectionError
    made = await approved(till, second, (await proposed(till, first)).id)
    undo = await proposed(till, first, kind="reversal", reverses=made.txn_id, money=None)
    assert (undo.amount, undo.kind) == (50_00, CorrectionKind.REVERSAL)
    await approved(till, second, undo.id)
    assert await till.balance(AccountKind.SUSPENSE) == 0
    assert await refusal(proposed(till, first, kind="reversal", reverses=made.txn_id)) is InvalidCorrectionError


async def test_too_little_money_leaves_the_proposal_open(till: Till) -> None:
    first, second = await staff(till), await staff(till)
    made = await proposed(till, first, debit="suspense", credit="other_income")
    assert await refusal(approved(till, second, made.id)) is InsufficientFundsError
    async with till.resources.read_sessions() as session:
        assert (await service.get_correction(session, second, made.id)).state is CorrectionState.PROPOSED


@pytest.mark.parametrize(
    ("amount", "earlier", "currency", "limit", "alone"),
    [
        (100, 0, Currency.RUB, 100, True),
        (100, 1, Currency.RUB, 100, False),
        (101, 0, Currency.RUB, 100, False),
        (1, 0, Currency.RUB, 0, False),
        (1, 0, Currency.USD, 100, False),
    ],
)
def test_when_one_person_suffices(amount: int, earlier: int, currency: Currency, limit: int, alone: bool) -> None:
    assert suffices_alone(Money(amount, currency), earlier, limit) is alone


def test_for_how_long_a_proposal_waits_and_amounts_are_counted() -> None:
    assert (timedelta(days=7), timedelta(days=1)) == (DECIDED_WITHIN, ALONE_WINDOW)


async def test_small_corrections_are_counted_together(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = till.resources.settings.model_copy(update={"correction_alone_up_to": 80_00})
    monkeypatch.setattr(till.resources, "settings", settings)
    first = await staff(till, Role.FINANCE)
    states = [(await proposed(till, first)).state for _ in range(2)]
    assert states == [CorrectionState.EXECUTED, CorrectionState.PROPOSED]
    assert await till.balance(AccountKind.SUSPENSE) == 50_00


async def test_a_person_whose_wallet_gets_unidentified_money_is_told(
    till: Till,
    client: httpx.AsyncClient,
    sign_in: SignIn,
    settle: Callable[..., Awaitable[Any]],
) -> None:
    till.actor = actor_for(await sign_in(client, email="vera@example.org"))
    entry = ledger.templates.receipt_unmatched(provider="sandbox", amount=roubles(70))
    async with unit_of_work(till.resources) as uow:
        await ledger.post(uow, entry, key=f"unmatched:{new_id()}", effective_at=utc_now())
    first, second = await staff(till), await staff(till)
    made = await proposed(till, first, kind="assignment", username=till.actor.username, debit=None, credit=None)
    await approved(till, second, made.id)
    assert (await till.wallet(), await till.balance(AccountKind.SUSPENSE)) == (50_00, 20_00)
    await settle()
    [notice] = (await client.get("/api/v1/notifications")).json()["items"]
    assert (notice["kind"], notice["href"], "+50\u00a0RUB" in notice["text"]) == ("account_corrected", "/wallet", True)
    assert "Paid in, after a check" in (await client.get("/wallet")).text


async def test_a_correction_stands_on_the_timeline_of_its_contract(till: Till, market: Market) -> None:
    scene = await make_deal(market)
    first, second = await staff(till), await staff(till)
    made = await proposed(till, first, contract_id=scene.contract_id)
    done = await approved(till, second, made.id)
    async with till.resources.read_sessions() as session:
        lines = (await session.execute(DealEntry.__table__.select().order_by(DealEntry.id.desc()))).first()
    assert lines is not None
    assert (lines.event, lines.side, lines.amount, lines.txn_id) == ("corrected", "operator", 50_00, done.txn_id)


async def test_the_api_needs_a_key_and_two_people(
    till: Till, client: httpx.AsyncClient, new_client: Callable[[], Awaitable[httpx.AsyncClient]], sign_in: SignIn
) -> None:
    await sign_in(client, role=Role.FINANCE)
    body = asked().model_dump(mode="json")
    assert (await client.post(API, json=body)).status_code == 400
    made = (await client.post(API, json=body, headers={"Idempotency-Key": "a"})).json()
    assert (made["state"], made["is_own"], made["may_approve"]) == ("proposed", True, False)
    assert (await client.get(API)).json()["items"] == [made]
    second = await new_client()
    await sign_in(second, role=Role.FINANCE_APPROVER)
    own = await client.post(f"{API}/{made['id']}/approve", json={}, headers={"Idempotency-Key": "b"})
    assert (own.status_code, own.json()["code"]) == (403, "second-person-needed")
    answers = [
        await second.post(f"{API}/{made['id']}/approve", json={"note": "Seen."}, headers={"Idempotency-Key": "c"})
        for _ in range(2)
    ]
    assert [each.json()["state"] for each in answers] == ["executed", "executed"]
    assert (await second.get(f"{API}/{made['id']}")).json()["txn_id"] == answers[0].json()["txn_id"]
    late = await client.post(f"{API}/{made['id']}/refuse", json={}, headers={"Idempotency-Key": "d"})
    assert late.json()["code"] == "correction-decided"
    assert await till.balance(AccountKind.SUSPENSE) == 50_00


@pytest.mark.usefixtures("till")
async def test_a_correction_is_proposed_and_approved_by_pages(
    client: httpx.AsyncClient, new_client: Callable[[], Awaitable[httpx.AsyncClient]], sign_in: SignIn
) -> None:
    await sign_in(client, role=Role.FINANCE)
    assert "No corrections yet" in (await client.get("/finance/corrections")).text
    typed = {
        "kind": "correction",
        "debit": "loss",
        "credit": "suspense",
        "amount": "50",
        "currency": "RUB",
        "reason": CorrectionReason.OWN_MISTAKE.value,
        "explanation": "Booked to the wrong account.",
        "evidence": "Bank order 17",
    }
    token = await once(client, "/finance/corrections/new")
    wrong = await client.post("/finance/corrections/new", data=typed | {"amount": "", "once": token} | _once(token))
    assert (wrong.status_code, "Fill in this field." in wrong.text) == (422, True)
    made = await client.post(
        "/finance/corrections/new", data=typed | _once(await once(client, "/finance/corrections/new"))
    )
    address = made.headers["location"]
    page = (await client.get(address)).text
    assert "Waits for a second person" in page
    assert "Approve and record" not in page
    assert "Withdraw the proposal" in page
    assert address in (await client.get("/finance/corrections")).text
    second = await new_client()
    await sign_in(second, role=Role.FINANCE_APPROVER)
    done = await second.post(f"{address}/approve", data={"note": "Seen."} | _once(await once(second, address)))
    assert done.status_code == 303
    shown = (await second.get(address)).text
    assert "Recorded" in shown
    txn = shown.split("/finance/transactions/")[1].split('"')[0]
    reversal = await second.get(f"/finance/corrections/new?reverses={txn}")
    assert txn in reversal.text
    typed["explanation"] = "The same once more, for another account."
    again = await client.post(
        "/finance/corrections/new", data=typed | _once(await once(client, "/finance/corrections/new"))
    )
    assert again.status_code == 303, again.text
    address = again.headers["location"]
    gone = await client.post(f"{address}/refuse", data=_once(await once(client, address)))
    assert gone.status_code == 303
    assert "Withdrawn" in (await client.get(address)).text


async def test_the_password_is_asked_for_first(
    till: Till, client: httpx.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_in(client, role=Role.FINANCE_APPROVER)
    other = await staff(till)
    made = await proposed(till, other)
    settings = till.resources.settings.model_copy(update={"reauthentication_minutes": 0})
    monkeypatch.setattr(till.resources, "settings", settings)
    assert (await client.get("/finance/corrections/new")).headers["location"] == "/wallet/unlock?then=corrections"
    assert "/wallet/unlock?then=corrections" in (await client.get(f"/finance/corrections/{made.id}")).text
    refused = await client.post(f"{API}/{made.id}/approve", json={}, headers={"Idempotency-Key": "a"})
    assert refused.status_code == 403


def _once(token: str) -> dict[str, str]:
    return {ONCE_FIELD: token}


async def test_who_proposed_a_correction_is_told_how_it_ended(
    till: Till,
    client: httpx.AsyncClient,
    sign_in: SignIn,
    settle: Callable[..., Awaitable[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = actor_for(await sign_in(client, role=Role.FINANCE)), await staff(till)
    await approved(till, second, (await proposed(till, first)).id)
    refused = await proposed(till, first)
    own = await proposed(till, first)
    late = await proposed(till, first)
    async with unit_of_work(till.resources) as uow:
        await service.refuse(uow, second, refused.id, "No.")
        await service.refuse(uow, first, own.id)
        assert await service.announce_expired(uow) == 0
    monkeypatch.setattr("app.features.finance.service.corrections.utc_now", lambda: late.expires_at)
    for _ in range(2):
        await announce_expired(till.resources)
    monkeypatch.undo()
    await settle()
    found = (await client.get("/api/v1/notifications")).json()["items"]
    assert sorted(each["kind"] for each in found) == ["correction_executed", "correction_expired", "correction_refused"]
    assert f"/finance/corrections/{late.id}" in {each["href"] for each in found}
