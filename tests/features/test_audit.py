"""Every command that changes something writes an entry to the audit log, and `audit` shows it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from app.cli.shared import Refusal
from app.core.audit import AuditEntry, read_audit
from app.core.clock import utc_now
from app.core.persistence import outbox_store
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.notifications import service as notifications
from app.features.reports import service as reports
from app.features.reports.schemas import ReportCreate, SubjectInput
from app.models import Order, OrderStatus, ReportReason, ReportSubject, User
from app.models.notification import MailMessage, MailStatus, NoticeKind
from tests.core.outbox_events import FIRST, BellRung, listening
from tests.factories.commands import Command
from tests.factories.orders import Market
from tests.factories.users import make_user

PASSWORD = "an administrators own words"  # noqa: S105 - of this test
SKILL, OTHER = "logo-design", "brand-identity"


async def entries(resources: Resources) -> Sequence[AuditEntry]:
    """Return the entries after loading the catalogue in the fixtures, newest first."""
    async with resources.read_sessions() as session:
        found = await read_audit(session, limit=100)
    return [entry for entry in found if entry.action != "catalogue.load"]


async def the_entry(resources: Resources) -> AuditEntry:
    """Return the only entry."""
    (entry,) = await entries(resources)
    assert entry.actor
    assert entry.source.startswith("cli:")
    assert "@" in entry.source
    return entry


@pytest.mark.parametrize(
    ("word", "action", "values"),
    [
        ("ban", "ban", ({"status": "active"}, {"status": "banned", "sessions_ended": 0})),
        ("end-sessions", "end_sessions", ({}, {"sessions_ended": 0})),
        ("superuser", "set_role", ({"role": "user"}, {"role": "admin"})),
    ],
)
async def test_what_is_done_to_an_account(
    market: Market,
    resources: Resources,
    command: Command,
    word: str,
    action: str,
    values: tuple[dict[str, object], dict[str, object]],
) -> None:
    vera = await market.person("vera")
    await command(word, "vera", "--reason", "Why.")
    entry = await the_entry(resources)
    assert (entry.action, entry.subject) == (f"account.{action}", str(vera.id))
    assert (entry.old_values, entry.new_values, entry.reason) == (*values, "Why.")


async def test_a_lifted_ban(market: Market, resources: Resources, command: Command) -> None:
    await market.person("vera")
    await command("ban", "vera", "--reason", "Spam.")
    await command("--as", "Anna", "unban", "vera")
    newest, oldest = await entries(resources)
    assert (newest.actor, newest.action, newest.reason) == ("Anna", "account.unban", "")
    assert (newest.old_values, newest.new_values) == ({"status": "banned"}, {"status": "active"})
    assert oldest.actor != "Anna"


async def test_a_new_administrator_and_no_secret(resources: Resources, command: Command) -> None:
    typed = f"boss@example.com\n{PASSWORD}\n{PASSWORD}\n"
    assert (await command.result("superuser", "boss", typed=typed)).exit_code == 0
    entry = await the_entry(resources)
    async with resources.read_sessions() as session:
        boss = (await session.execute(select(User).where(User.username == "boss"))).scalar_one()
    assert (entry.action, entry.subject, entry.new_values) == ("account.create", str(boss.id), {"role": "admin"})
    told = [str(getattr(entry, column.key)) for column in AuditEntry.__table__.columns]
    assert not [text for text in told if "example.com" in text or PASSWORD in text]
    assert PASSWORD not in await command("audit")


async def test_what_is_refused_leaves_no_entry(market: Market, resources: Resources, command: Command) -> None:
    await market.person("vera")
    for words in (("unban", "vera"), ("ban", "nobody_at_all", "--reason", "Why."), ("skills", "merge", SKILL, SKILL)):
        with pytest.raises(Refusal):
            await command(*words)
    assert await entries(resources) == []


@pytest.mark.parametrize(("action", "status"), [("approve", "open"), ("reject", "draft")])
async def test_a_decision_about_an_order(
    market: Market, resources: Resources, command: Command, action: str, status: str
) -> None:
    order = await market.order()
    async with unit_of_work(resources) as uow:
        (await uow.session.get_one(Order, order.id)).status = OrderStatus.MODERATION
    await command("orders", action, str(order.id), "--version", "1", "--reason", "Looked at.")
    entry = await the_entry(resources)
    assert (entry.action, entry.subject, entry.reason) == (f"order.{action}", str(order.id), "Looked at.")
    assert (entry.old_values["status"], entry.new_values["status"]) == ("moderation", status)


async def test_a_closed_report(market: Market, resources: Resources, command: Command) -> None:
    order = await market.order()
    async with unit_of_work(resources) as uow:
        subject = SubjectInput(kind=ReportSubject.ORDER, id=order.id)
        wanted = ReportCreate(subject=subject, reason=ReportReason.SPAM, note="")
        report = await reports.send_report(uow, await market.person(), wanted)
    await command("reports", "close", str(report.id), "--uphold", "--reason", "It is spam.")
    entry = await the_entry(resources)
    assert (entry.action, entry.subject, entry.reason) == ("report.close", str(report.id), "It is spam.")
    assert entry.old_values == {"status": "open", "rule": None}
    assert entry.new_values == {"status": "upheld", "rule": "spam"}


async def test_what_is_done_to_skills(market: Market, resources: Resources, command: Command) -> None:
    await market.catalogue()
    await command("skills", "rename", SKILL, "--en", "Logos", "--reason", "Shorter.")
    await command("skills", "synonyms", SKILL, "--add", "marks")
    await command("skills", "merge", SKILL, OTHER)
    merged, worded, renamed = await entries(resources)
    assert [entry.action for entry in (merged, worded, renamed)] == [
        "skill.merge", "skill.change_synonyms", "skill.rename",
    ]  # fmt: skip
    assert {entry.subject for entry in (merged, worded, renamed)} == {SKILL}
    assert (renamed.old_values["name_en"], renamed.new_values["name_en"]) == ("Logo design", "Logos")
    assert renamed.reason == "Shorter."
    assert set(worded.new_values["synonyms"]) - set(worded.old_values["synonyms"]) == {"marks"}
    assert set(merged.old_values) == {SKILL, OTHER}
    assert "Logos" in merged.new_values[OTHER]["synonyms"]


@pytest.mark.parametrize(("action", "outcome"), [("replay", "replayed"), ("close", "closed by hand")])
async def test_a_dead_letter(resources: Resources, command: Command, action: str, outcome: str) -> None:
    with listening():
        async with unit_of_work(resources) as uow:
            uow.emit(BellRung(name="one"))
        async with unit_of_work(resources) as uow:
            (message,) = await outbox_store.unpublished(uow.session, 1)
            message.published_at = utc_now()
            await outbox_store.move_to_dead_letters(uow.session, message, FIRST.name, "RuntimeError at ring:7", 8)
        number = (await command("dead-letters")).split()[0]
        await command("dead-letters", action, number, "--reason", "Mended.")
        await command("dead-letters", action, number)
    entry = await the_entry(resources)
    assert (entry.action, entry.subject, entry.reason) == (f"dead_letter.{action}", number, "Mended.")
    assert entry.new_values == {"outcome": outcome}


async def test_a_dead_mail(resources: Resources, command: Command) -> None:
    async with unit_of_work(resources) as uow:
        person = await make_user(uow.session)
        await notifications.notify(uow, str(person.id), NoticeKind.NEW_DEVICE, 1)
    async with unit_of_work(resources) as uow:
        draft = await notifications.claim_mail(uow)
        assert draft is not None
        (await uow.session.get_one(MailMessage, draft.mail_id)).status = MailStatus.DEAD
    await command("dead-letters", "replay", "all")
    entry = await the_entry(resources)
    assert (entry.action, entry.subject) == ("mail.send_again", str(draft.mail_id))
    assert (entry.old_values["status"], entry.new_values["status"]) == ("dead", "queued")


async def test_imported_orders(market: Market, resources: Resources, command: Command, tmp_path: Path) -> None:
    owner = await market.person("importer")
    path = tmp_path / "orders.json"
    wanted = [{"title": f"Work {number}", "description": "What is to be done."} for number in range(2)]
    path.write_text(json.dumps(wanted), encoding="utf-8")
    for _run in range(2):
        await command("import-orders", str(path), "--owner", "importer", "--reason", "Moved here.")
    found = await entries(resources)
    async with resources.read_sessions() as session:
        orders = set((await session.execute(select(Order.id))).scalars())
    assert {entry.subject for entry in found} == {str(key) for key in orders}
    assert len(found) == 2
    assert {entry.action for entry in found} == {"order.import"}
    assert found[0].new_values == {"customer_id": str(owner.id), "status": "open"}


async def test_seeding_and_recounting(resources: Resources, command: Command) -> None:
    await command("seed", "--reason", "First start.")
    await command("facts", "recompute")
    async with resources.read_sessions() as session:
        found = await read_audit(session, limit=100)
    assert [(entry.action, entry.reason) for entry in found] == [
        ("customer_facts.recompute", ""),
        ("search_terms.learn", "First start."),
        ("catalogue.load", "First start."),
    ]
    assert found[2].new_values["skills"] > 100


async def test_the_log_is_read_by_subject_by_actor_and_in_pages(
    market: Market, resources: Resources, command: Command
) -> None:
    vera, boris = await market.person("vera"), await market.person("boris")
    for name, person in (("Anna", "vera"), ("Anna", "boris"), ("Ivan", "vera")):
        await command("--as", name, "end-sessions", person, "--reason", f"{name} said so.")
    lines = (await command("audit", "--limit", "3")).splitlines()
    assert len(lines) == 4
    newest = lines[0]
    assert f"account.end_sessions {vera.id} (vera)  by Ivan, cli:" in newest
    assert newest.endswith('- → {"sessions_ended": 0}  reason: Ivan said so.')
    older = lines[3].split()[-1]
    assert lines[3] == f"There are older entries: add --before {older}"
    assert older == lines[2].split()[0]
    assert "catalogue.load catalogue  by olga, tests" in await command("audit", "--before", older)

    async def shown(*words: str) -> list[str]:
        return [line.split("  by ")[1].split(",")[0] for line in (await command("audit", *words)).splitlines()]

    assert await shown("--subject", "VERA") == ["Ivan", "Anna"]
    assert await shown("--subject", str(boris.id)) == ["Anna"]
    assert await shown("--actor", "Anna") == ["Anna", "Anna"]
    assert await command("audit", "--actor", "Ivan", "--subject", "catalogue") == "Nothing is written down."
    assert len(await entries(resources)) == 3
    with pytest.raises(Refusal, match="no id of an entry"):
        await command("audit", "--before", "x")


async def test_a_name_and_a_reason_have_a_longest_length(
    market: Market, resources: Resources, command: Command
) -> None:
    await market.person("vera")
    with pytest.raises(Refusal, match="A name has at most 100 characters"):
        await command("--as", "x" * 101, "end-sessions", "vera")
    with pytest.raises(Refusal, match="A reason has at most 2000 characters"):
        await command("end-sessions", "vera", "--reason", "x" * 2001)
    assert await entries(resources) == []
