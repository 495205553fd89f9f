"""A report is reviewed, decided with a text that both sides read, and can be appealed once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import time_machine

from app.cli.shared import Refusal
from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ports import Mail
from app.core.resources import Resources
from app.features.profiles import service as profiles
from app.features.profiles.schemas import ProfilePatch
from app.features.reports import rules, service
from app.features.reports.errors import ReportClosedAlreadyError, ReportNotFoundError
from app.features.reports.schemas import REASON_LABELS, RULE_TEXTS, ReportCreate, SubjectInput
from app.models import Proposal, Report, ReportReason, ReportStatus, ReportSubject, User
from app.site.gauges import report_gauges
from tests.factories.commands import OPERATOR, Command
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
API = "/api/v1/reports"


def body(kind: str, thing_id: object, **fields: Any) -> dict[str, Any]:
    return {"subject": {"kind": kind, "id": str(thing_id)}, "reason": "spam", "note": "Третий раз за день."} | fields


async def reported_order(market: Market, reporter: Actor, **fields: Any) -> Report:
    """An order of another person that the reporter reports."""
    order = await market.order(**fields)
    async with market.uow() as work:
        subject = SubjectInput(kind=ReportSubject.ORDER, id=order.id)
        return await service.send_report(work, reporter, ReportCreate(subject=subject, reason=ReportReason.FRAUD))


def test_every_reason_has_its_words_and_its_rule() -> None:
    assert set(REASON_LABELS) == set(RULE_TEXTS) == set(ReportReason)


def test_a_report_is_promised_three_days() -> None:
    now = utc_now()
    assert rules.due(now) - now == timedelta(hours=72)


async def test_three_kinds_of_things_can_be_reported(market: Market, new_client: NewClient) -> None:
    customer, freelancer, reporter = [await market.person() for _ in range(3)]
    order = await market.order(customer, title="Заработок без вложений")
    proposal: Proposal = await market.proposal(order, freelancer, letter="Пишите в мессенджер")
    async with market.uow() as work:
        await profiles.edit_profile(work, freelancer, ProfilePatch(headline="Диплом за ночь"))
    asked = [
        (reporter, "order", order.id, "Заработок без вложений", f"/orders/{order.id}"),
        (customer, "proposal", proposal.id, "Заработок без вложений", f"/proposals/{proposal.id}"),
        (reporter, "profile", freelancer.id, freelancer.username, f"/@{freelancer.username}"),
    ]
    for actor, kind, thing_id, title, href in asked:
        client = await market.sign_in(await new_client(), actor)
        made = await client.post(API, json=body(kind, thing_id))
        assert made.status_code == 201, made.text
        read = made.json()
        assert (read["subject"]["title"], read["subject"]["href"]) == (title, href)
        assert (read["status"], read["side"], read["reason"], read["actions"]) == ("open", "reporter", "spam", [])
        assert (await client.get(f"{API}/{read['id']}")).json() == read
    async with market.uow() as work:
        kept = await service.list_waiting(work.session, 10)
        assert [report.evidence for report in kept][1:] == ["Пишите в мессенджер", "Диплом за ночь"]


async def test_what_is_not_there_cannot_be_reported(market: Market, client: httpx.AsyncClient) -> None:
    reporter, gone = await market.person(), await market.person()
    async with market.uow() as work:
        closed = await work.session.get(User, gone.id)
        assert closed is not None
        closed.status = closed.status.BANNED
    await market.sign_in(client, reporter)
    draft = await market.draft(await market.person())
    proposal = await market.proposal(await market.order())
    for kind, thing_id in (
        ("order", draft.id), ("order", uuid4()), ("proposal", proposal.id), ("profile", uuid4()), ("profile", gone.id),
    ):  # fmt: skip
        refused = await client.post(API, json=body(kind, thing_id))
        assert (refused.status_code, refused.json()["code"]) == (404, "reported-thing-not-found"), kind


async def test_ones_own_cannot_be_reported(market: Market, client: httpx.AsyncClient) -> None:
    person = await market.person()
    await market.sign_in(client, person)
    for kind, thing_id in (("order", (await market.order(person)).id), ("profile", person.id)):
        refused = await client.post(API, json=body(kind, thing_id))
        assert (refused.status_code, refused.json()["code"]) == (403, "own-thing")


async def test_one_open_report_about_a_thing(market: Market, client: httpx.AsyncClient) -> None:
    reporter, order = await market.person(), await market.order()
    await market.sign_in(client, reporter)
    first = (await client.post(API, json=body("order", order.id))).json()
    again = await client.post(API, json=body("order", order.id, reason="fraud"))
    assert (again.status_code, again.json()["code"]) == (409, "already-reported")
    async with market.uow() as work:
        await service.decide(work, OPERATOR, UUID(first["id"]), ReportStatus.DISMISSED, verdict="Это не спам.")
    assert (await client.post(API, json=body("order", order.id))).status_code == 201


async def test_a_day_has_its_limit_of_reports(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    for _ in range(service.REPORTS_BY_ACCOUNT.times):
        assert (await client.post(API, json=body("profile", (await market.person()).id))).status_code == 201
    refused = await client.post(API, json=body("profile", (await market.person()).id))
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-tries")


async def test_the_decision_is_told_to_both_and_says_nothing_of_the_reporter(
    market: Market, new_client: NewClient, settle: Settle, mailbox: list[Mail], command: Command
) -> None:
    reporter, customer = await market.person("tell_tale"), await market.person("seller")
    async with market.uow() as work:
        for actor in (reporter, customer):
            person = await work.session.get(User, actor.id)
            assert person is not None
            person.email_confirmed_at = utc_now()
    order = await market.order(customer)
    reporting = await market.sign_in(await new_client(), reporter)
    made = (await reporting.post(API, json=body("order", order.id))).json()
    accused = await market.sign_in(await new_client(), customer)
    assert (await accused.get(f"{API}/{made['id']}")).status_code == 404, "nothing is told before a decision"
    await command(
        "reports", "close", made["id"], "--uphold", "--reason", "Одно и то же объявление трижды.", "--rule", "abuse"
    )
    await settle()
    assert sorted((mail.to, mail.subject) for mail in mailbox) == [
        ("seller@example.org", "Something of yours broke a rule"),
        ("tell_tale@example.org", "Your report was looked at"),
    ]
    told = (await accused.get(f"{API}/{made['id']}")).json()
    assert (told["side"], told["rule"], told["actions"]) == ("reported", "abuse", ["object"])
    assert told["rule_text"] == RULE_TEXTS[ReportReason.ABUSE]
    assert told["verdict"] == "Одно и то же объявление трижды."
    assert not any(told[name] for name in ("note", "reason", "created_at"))
    assert str(reporter.id) not in str(told)
    listed = (await accused.get(API, params={"side": "reported"})).json()["items"]
    assert listed == [told]
    assert (await accused.get(API)).json()["items"] == []
    notices = (await accused.get("/api/v1/notifications")).json()["items"]
    assert [(notice["kind"], notice["href"]) for notice in notices] == [("report_upheld", f"/my/reports/{made['id']}")]


async def test_an_objection_is_made_once_and_looked_at_again(
    market: Market, new_client: NewClient, settle: Settle, command: Command
) -> None:
    reporter, customer = await market.person(), await market.person()
    report = await reported_order(market, reporter, customer=customer)
    address, answer = f"{API}/{report.id}/objection", {"text": "Это другой заказ, с другим сроком."}
    accused = await market.sign_in(await new_client(), customer)
    reporting = await market.sign_in(await new_client(), reporter)
    assert (await accused.post(address, json=answer)).status_code == 404
    assert (await reporting.post(address, json=answer)).json()["code"] == "report-closed"
    await command("reports", "close", str(report.id), "--uphold", "--reason", "Похоже на обман.")
    with pytest.raises(Refusal, match="The report's status has changed"):
        await command("reports", "close", str(report.id), "--dismiss", "--reason", "Ещё раз.")
    made = await accused.post(address, json=answer)
    assert (made.status_code, made.json()["objection"], made.json()["actions"]) == (201, answer["text"], [])
    assert made.json()["due_at"] is not None
    again = await accused.post(address, json=answer)
    assert (again.status_code, again.json()["code"]) == (409, "report-closed")
    assert (await reporting.get(f"{API}/{report.id}")).json()["objection"] is None
    assert "objection" in await command("reports", "list")
    await command("reports", "close", str(report.id), "--dismiss", "--reason", "Вы правы, это другой заказ.")
    await settle()
    read = (await accused.get(f"{API}/{report.id}")).json()
    assert (read["status"], read["verdict"], read["due_at"]) == ("dismissed", "Вы правы, это другой заказ.", None)
    kinds = [item["kind"] for item in (await accused.get("/api/v1/notifications")).json()["items"]]
    assert sorted(kinds) == ["report_lifted", "report_upheld"]
    assert (await command("reports", "list")) == "Nothing waits."


async def test_a_decision_that_stands_is_told_to_who_objected(
    market: Market, settle: Settle, client: httpx.AsyncClient, command: Command
) -> None:
    reporter, customer = await market.person(), await market.person()
    report = await reported_order(market, reporter, customer=customer)
    await command("reports", "close", str(report.id), "--uphold", "--reason", "Похоже на обман.")
    await market.sign_in(client, customer)
    await client.post(f"{API}/{report.id}/objection", json={"text": "Нет."})
    await command("reports", "close", str(report.id), "--uphold", "--reason", "Прочитано, решение прежнее.")
    await settle()
    kinds = [item["kind"] for item in (await client.get("/api/v1/notifications")).json()["items"]]
    assert kinds == ["report_upheld", "report_upheld"]
    await market.sign_in(client, reporter)
    kinds = [item["kind"] for item in (await client.get("/api/v1/notifications")).json()["items"]]
    assert kinds == ["report_closed"]


async def test_lists_are_paged(market: Market, client: httpx.AsyncClient) -> None:
    reporter = await market.person()
    made = [str((await reported_order(market, reporter)).id) for _ in range(3)]
    await market.sign_in(client, reporter)
    first = (await client.get(API, params={"limit": 2})).json()
    second = (await client.get(API, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
    for cursor in ("nonsense", "WyJub25zZW5zZSJd"):
        assert (await client.get(API, params={"cursor": cursor})).json()["code"] == "bad-cursor"


async def test_the_operator_sees_what_waits_and_what_it_said(
    market: Market, resources: Resources, command: Command
) -> None:
    reporter = await market.person("tell_tale")
    report = await reported_order(market, reporter, title="Пирамида", description="Приведи двоих друзей.")
    listed = await command("reports", "list")
    assert f"{report.id}  due" in listed
    assert "from tell_tale: Пирамида" in listed
    shown = await command("reports", "show", str(report.id))
    assert "it said:   Приведи двоих друзей." in shown
    async with resources.sessions() as session:
        assert [gauge.value for gauge in await report_gauges(session)] == [1, 0]
        with time_machine.travel(utc_now() + timedelta(hours=73), tick=False):
            assert "OVERDUE" in await command("reports", "list")
            assert [gauge.value for gauge in await report_gauges(session)] == [1, 1]


async def test_the_operators_slips_are_sentences(market: Market, command: Command) -> None:
    report = await reported_order(market, await market.person())
    for given, said in (
        (("x", "--uphold", "--reason", "Why."), "x is no id of a report"),
        ((str(uuid4()), "--uphold", "--reason", "Why."), "There is no such report"),
        ((str(report.id), "--uphold", "--reason", " "), "Say why in 1 to 2000 characters"),
        ((str(report.id), "--uphold", "--reason", "Why.", "--rule", "rudeness"), "rudeness is no rule"),
    ):
        with pytest.raises(Refusal, match=said):
            await command("reports", "close", *given)
    with pytest.raises(Refusal, match="There is no such report"):
        await command("reports", "show", str(uuid4()))
    async with market.uow() as work:
        with pytest.raises(ReportClosedAlreadyError):
            await service.decide(work, OPERATOR, report.id, ReportStatus.OPEN, verdict="No decision at all.")
        with pytest.raises(ReportNotFoundError):
            await service.get_report(work.session, await market.person(), uuid4())
