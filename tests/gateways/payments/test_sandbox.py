"""The sandbox provider itself: its books, its page, its control API, its process."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup

from app.core.config import ROOT, Settings
from app.core.http.startup_errors import StartupRefusedError
from app.core.payment_port import Done, Operation, OperationStatus, Pending, Refused
from app.gateways.payments import make_payment_provider
from app.gateways.payments.none import NullPaymentProvider
from app.sandbox.books import Books
from app.sandbox.faults import Call, FaultPlan
from app.sandbox.server import options_of
from tests.e2e.ports import free_port
from tests.gateways.payments.provider import DAY, HOUR, Sandbox, value_of

CONFIRM, DECLINED, DELAYED, ABANDONED = "4000002500003155", "4000000000000002", "4000000000000077", "4000000000000341"
CARD = "4242424242424242"
PRODUCTION = {
    "environment": "production",
    "secret_key": "a production key of more than 32 characters",
    "encryption_keys": "another production key of more than 32 characters",
    "public_url": "https://lance.example",
    "bcrypt_rounds": "12",
    "ledger_signing_key": "0123456789abcdef" * 4,
}


def test_nothing_in_the_books_can_be_changed(tmp_path: Path) -> None:
    books = Books(tmp_path / "books.sqlite")
    body = {"id": "pmt_1", "kind": "payment", "reference": "r", "currency": "RUB", "status": "succeeded", "amount": 5}
    with books.transaction():
        books.record(body, "2026")
        books.post(body, "payment", 5, "2026")
    for statement in (
        "UPDATE operation SET amount = 6",
        "DELETE FROM operation",
        "UPDATE version SET body = '{}'",
        "DELETE FROM version",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            books.connection.execute(statement)

    def pay_again() -> None:
        with books.transaction():
            books.record(body, "2027")
            books.post(body, "payment", 5, "2027")

    with pytest.raises(sqlite3.IntegrityError):
        pay_again()
    assert books.connection.execute("SELECT count(*) FROM version").fetchone() == (1,), "all or nothing"
    books.close()


def test_a_seed_draws_the_same_faults_again(tmp_path: Path) -> None:
    drawn = []
    for name in ("first", "second"):
        books = Books(tmp_path / name)
        plan = FaultPlan(books)
        plan.draw_from(5, 400)
        drawn.append(
            [plan.take(call) for call in (Call.CREATE_PAYOUT, Call.GET_PAYOUT, Call.WEBHOOK) for _ in range(20)]
        )
        plan.clear()
        assert plan.take(Call.CREATE_PAYOUT) is None
        books.close()
    assert drawn[0] == drawn[1]
    assert 10 < sum(fault is not None for fault in drawn[0]) < 40


@pytest.mark.parametrize(
    ("cards", "status", "code"),
    [
        ([("pay", CARD)], Done, ""),
        ([("pay", CONFIRM), ("confirm", "")], Done, ""),
        ([("pay", CONFIRM), ("decline", "")], Refused, "confirmation_failed"),
        ([("pay", CONFIRM), ("pay", CARD)], Pending, ""),
        ([("pay", DECLINED)], Refused, "card_declined"),
        ([("pay", DELAYED)], Pending, ""),
        ([("pay", ABANDONED)], Pending, ""),
        ([("pay", ABANDONED), ("pay", CARD)], Done, ""),
        ([("cancel", "")], Refused, "canceled_by_payer"),
        ([("pay", "4000"), ("confirm", ""), ("nonsense", "")], Pending, ""),
    ],
)
async def test_the_page_does_what_the_card_says(
    sandbox: Sandbox, cards: list[tuple[str, str]], status: type, code: str
) -> None:
    payment = value_of(await sandbox.payment())
    for action, card in cards:
        assert (await sandbox.choose(payment, action, card)).status_code == httpx.codes.OK
    read = await sandbox.adapter.get_payment(payment.id)
    assert isinstance(read, status)
    if isinstance(read, Refused):
        assert read.code == code


async def test_a_delayed_payment_succeeds_an_hour_later_and_an_abandoned_one_expires(sandbox: Sandbox) -> None:
    delayed, abandoned = value_of(await sandbox.payment()), value_of(await sandbox.payment())
    await sandbox.choose(delayed, card=DELAYED)
    await sandbox.choose(abandoned, card=ABANDONED)
    await sandbox.forward(HOUR)
    assert isinstance(await sandbox.adapter.get_payment(delayed.id), Done)
    assert isinstance(await sandbox.adapter.get_payment(abandoned.id), Pending)
    await sandbox.forward(3 * DAY)
    assert isinstance(await sandbox.adapter.get_payment(abandoned.id), Refused)
    assert value_of(await sandbox.adapter.get_payment(delayed.id)).status is OperationStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("language", "button"),
    [("ru", "Оплатить 1\N{NO-BREAK SPACE}000,00\N{NO-BREAK SPACE}₽"), ("en", "Pay 1,000.00\N{NO-BREAK SPACE}RUB")],
)
async def test_the_page_speaks_both_languages(sandbox: Sandbox, language: str, button: str) -> None:
    payment = value_of(await sandbox.payment(1000))
    answer = await sandbox.http.get(f"/pay/{payment.id}", headers={"accept-language": language})
    page = BeautifulSoup(answer.text, "html.parser")
    (html,) = page.select("html")
    assert html["lang"] == language
    assert page.select_one("button.primary").get_text() == button  # type: ignore[union-attr]
    assert len(page.select("input[type=radio]")) == 5
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    other = BeautifulSoup((await sandbox.http.get(f"/pay/{payment.id}?lang=en")).text, "html.parser")
    assert other.select_one("html")["lang"] == "en"  # type: ignore[index]
    missing = await sandbox.http.get("/pay/pmt_nobody", headers={"accept-language": language})
    assert missing.status_code == httpx.codes.NOT_FOUND
    assert (await sandbox.http.post("/pay/pmt_nobody")).status_code == httpx.codes.NOT_FOUND
    assert (await sandbox.http.get("/payment.css")).headers["content-type"].startswith("text/css")


async def test_a_self_employed_person_gives_the_permission_and_takes_it_back(sandbox: Sandbox) -> None:
    await sandbox.paid(1000)
    tax_id = "773200000018"
    for action, status in (("nonsense", Refused), ("allow", Done), ("forbid", Refused)):
        person = await sandbox.adapter.find_self_employed(tax_id)
        assert isinstance(person, Done)
        assert person.value.permission_url is not None
        shown = await sandbox.http.post(person.value.permission_url, data={"action": action}, follow_redirects=True)
        assert shown.status_code == httpx.codes.OK
        assert isinstance(await sandbox.payout(5, tax_id=tax_id), status)
    await sandbox.control("PUT", f"self-employed/{tax_id}", {"status": "lost"})
    page = await sandbox.http.get(f"/self-employed/{tax_id}?lang=en")
    assert "no longer registered" in page.text
    for wrong in ("12", "../pay"):
        assert (await sandbox.http.get(f"/self-employed/{wrong}")).status_code == httpx.codes.NOT_FOUND
    assert (await sandbox.http.post("/self-employed/12")).status_code == httpx.codes.NOT_FOUND


async def test_a_paid_payment_leads_back_to_the_site(sandbox: Sandbox) -> None:
    payment = value_of(await sandbox.payment())
    page = BeautifulSoup((await sandbox.choose(payment)).text, "html.parser")
    link = page.select_one("a.button")
    assert link is not None
    assert link["href"] == "http://localhost:8000/orders"
    assert (await sandbox.choose(payment)).status_code == httpx.codes.OK, "paying twice changes nothing"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("payments", {"amount": 1.5}, "invalid_request"),
        ("payments", {"amount": 0}, "invalid_request"),
        ("payments", {"amount": "100"}, "invalid_request"),
        ("payments", {"currency": "roubles"}, "invalid_request"),
        ("payments", {"return_url": "javascript:alert(1)"}, "invalid_request"),
        ("payments", {"surprise": 1}, "invalid_request"),
    ],
)
async def test_a_request_that_is_wrong_creates_nothing(
    sandbox: Sandbox, path: str, body: dict[str, object], code: str
) -> None:
    right = {"reference": "wrong-1", "amount": 100, "currency": "RUB", "return_url": "http://localhost/"}
    answer = await sandbox.http.post(f"/v1/{path}", json=right | body, headers={"idempotency-key": "wrong-1"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await sandbox.found("wrong-1") == ()


async def test_every_call_but_the_page_needs_the_key(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as stranger:
        for path in ("/v1/balance", "/control/clock", "/control/books", "/v1/capabilities"):
            assert (await stranger.get(path)).status_code == httpx.codes.UNAUTHORIZED
        assert (await stranger.get("/health")).json() == {"status": "ok"}
        assert (await stranger.get("/nowhere")).json()["code"] == "not_found"
    no_key = await sandbox.http.post("/v1/payments", json={})
    assert no_key.json()["code"] == "key_missing"
    long = await sandbox.http.post("/v1/payments", content=b"x" * 70_000)
    assert long.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


async def test_the_control_api_refuses_what_cannot_be(sandbox: Sandbox) -> None:
    async def code(path: str, body: object) -> str:
        answer = await sandbox.http.post(f"/control/{path}", json=body)
        return str(answer.json()["code"])

    assert await code("clock", {"now": "2001-01-01T00:00:00Z"}) == "clock_goes_back"
    assert await code("clock", {"now": "0001-01-01T00:00:00+14:00"}) == "clock_goes_back"
    assert await code("clock", {"now": "9999-12-31T23:59:59-14:00"}) == "clock_too_far"
    assert await code("faults", {"call": "get_payout", "kind": "webhook_lost"}) == "fault_does_not_fit"
    assert await code("payouts/pyt_nobody/return", {}) == "not_found"
    payout = await _payout(sandbox)
    assert await code(f"payouts/{payout.id}/annul-cheque", {}) == "no_cheque"
    await sandbox.control("POST", f"payouts/{payout.id}/return")
    assert await code(f"payouts/{payout.id}/return", {}) == "already_returned"
    wanted = (await sandbox.now()).replace(microsecond=0) + timedelta(seconds=60)
    assert await sandbox.control("POST", "clock", {"now": wanted.isoformat()})
    await sandbox.plan("statement", "busy", times=2)
    assert (await sandbox.control("GET", "faults"))["faults"][0]["times"] == 2
    for moment in ("yesterday", "2026-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert (await sandbox.http.get("/v1/statement", params={"from": moment})).status_code == 400
    await sandbox.control("DELETE", "faults")


async def _payout(sandbox: Sandbox) -> Operation:
    await sandbox.paid(1000)
    return value_of(await sandbox.payout(5))


def test_production_has_no_sandbox(tmp_path: Path) -> None:
    production = Settings(**PRODUCTION, data_dir=tmp_path)  # type: ignore[arg-type]
    assert isinstance(make_payment_provider(production), NullPaymentProvider)
    with pytest.raises(StartupRefusedError, match="demonstration only"):
        options_of(production)
    with pytest.raises(ValueError, match="PAYMENT_PROVIDER=sandbox"):
        Settings(**PRODUCTION, payment_provider="sandbox")  # type: ignore[arg-type]
    with pytest.raises(StartupRefusedError):
        options_of(Settings(payment_provider="none", data_dir=tmp_path))


def _process(data_dir: Path, port: int, **changes: str) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251 - for the child
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "app.sandbox", "127.0.0.1", str(port)],
        cwd=ROOT,
        env=kept | {"DATA_DIR": str(data_dir)} | changes,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_for(url: str, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            assert httpx.get(f"{url}/health", trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the sandbox does not start")


def test_the_process_keeps_its_books_when_it_is_killed_and_refuses_production(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    body = {"reference": "kept", "amount": 100, "currency": "RUB", "return_url": "http://localhost/"}
    for _start in range(2):
        process = _process(tmp_path, port)
        try:
            _wait_for(url, process)
            key = (tmp_path / "secrets" / "sandbox_api_key").read_text()
            headers = {"authorization": f"Bearer {key}", "idempotency-key": "kept"}
            answer = httpx.post(f"{url}/v1/payments", json=body, headers=headers, trust_env=False)
            assert answer.status_code == httpx.codes.CREATED
            found = httpx.get(f"{url}/v1/operations?reference=kept", headers=headers, trust_env=False).json()
            assert len(found["objects"]) == 1
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    refused = _process(tmp_path, port, **{name.upper(): value for name, value in PRODUCTION.items()})
    said, _nothing = refused.communicate(timeout=30)
    assert refused.returncode == 1
    assert said.count("\n") == 1
    assert "demonstration only" in said
