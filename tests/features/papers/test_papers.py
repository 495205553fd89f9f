"""Papers: the same bytes again, no markup from texts, numbers without gap, samples."""

import asyncio
import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.core.ids import new_id
from app.core.money import Currency
from app.core.ports import StoredObject
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.files.service import orphan_keys
from app.features.legal.schemas import LegalDetails
from app.features.papers import rules, service, workflows
from app.features.papers.errors import PaperAlteredError, PaperBeingMadeError, PaperNotFoundError
from app.features.papers.schemas import ContractReference, Language, NewPaper, Occasion, Paper, PaperLine, Role
from app.gateways.storage import DiskStorage, storage_of
from app.models import Document, DocumentFile, LegalKind, PaperKind
from tests.factories.commands import Command
from tests.factories.orders import Market
from tests.features.legal.test_rules import COMPANY, PERSON

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = date(2026, 12, 1)
PART_OF = ContractReference(number="C-2026-000007", day=DAY)
HOSTILE = [
    '#read("/etc/passwd")',
    '#eval("1+1")',
    r"\ \\ \u{41}",
    "$x^2$ _emphasis_ *strong* `raw`",
    "@label <label> = Heading",
    "<script>alert(1)</script> &amp;",
    "«ёлки» “quotes” \"straight\" 'single'",
    "{total} {0} {client.__class__} %s",
    "// comment /* */ [content] ~ -- ---",
]


def paper(kind: PaperKind = PaperKind.ACT, *, subject: str = "Сайт", lines: list[PaperLine] | None = None) -> Paper:
    company = LegalDetails(kind=LegalKind.COMPANY, country="RU", fields=COMPANY)
    person = LegalDetails(kind=LegalKind.SELF_EMPLOYED, country="RU", fields=PERSON)
    return Paper(
        kind=kind,
        day=DAY,
        subject=subject,
        currency=Currency.RUB,
        parties={Role.CLIENT: company, Role.FREELANCER: person, Role.PLATFORM: company},
        lines=lines or [PaperLine(text="Вёрстка", note="Принята", amount=1_800_000)],
        contract=PART_OF,
    )


def new(kind: PaperKind = PaperKind.ACT, contract: ContractReference | None = PART_OF, **fields: Any) -> NewPaper:
    """Return a paper to be issued."""
    return NewPaper(paper=paper(kind).model_copy(update={"contract": contract}), language="ru", **fields)


def words(file: bytes) -> str:
    """Return the text of a PDF."""
    document = pypdfium2.PdfDocument(file)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


@pytest.mark.parametrize("kind", PaperKind)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_same_input_gives_the_same_bytes(kind: PaperKind, language: Language) -> None:
    first, second = (service.make_sample(paper(kind), language, NOW) for _ in range(2))
    assert first == second
    assert b"<pdfaid:part>2</pdfaid:part>" in first
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in first
    shown = words(first)
    assert rules.number_text(rules.series_of(kind, DAY), 0) in shown
    for value in (COMPANY["legal_name"], COMPANY["tax_number"]):
        assert value in shown


def test_amounts_and_dates_are_in_the_language_of_the_paper() -> None:
    russian, english = (words(service.make_sample(paper(), language, NOW)) for language in ("ru", "en"))
    assert "18 000,00 RUB" in russian.replace("\xa0", " ")
    assert "1 декабря 2026" in russian.replace("\xa0", " ")
    assert "Самозанятый (НПД)" in russian
    assert "18,000.00 RUB" in english.replace("\xa0", " ")
    assert "December 1, 2026" in english
    assert "Self-employed (NPD)" in english
    assert rules.format_amount(150_000, Currency.USD, "en") == "1,500.00\xa0USD"


def test_no_text_is_read_as_markup() -> None:
    shown = words(service.make_sample(paper(lines=[PaperLine(text=item, amount=1) for item in HOSTILE]), "en", NOW))
    for item in HOSTILE:
        assert "".join(item.split()) in "".join(shown.split()), item
    for item in HOSTILE:
        titled = words(service.make_sample(paper(PaperKind.CONTRACT, subject=item), "ru", NOW))
        assert "".join(item.split()) in "".join(titled.split())


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Логотип 😀", "Логотип \ufffd"),
        ("Игра 👨\u200d💻👍🏽 и «ёлка»", "Игра \ufffd\ufffd\ufffd и «ёлка»"),
        ('"\\😀" \\u{1f600}', '"\\\ufffd" \\u{1f600}'),
        ("株式会社", "\ufffd" * 4),
        ("A\x00\x1b\tB", "A\ufffd\ufffd B"),
        ("".join(map(chr, range(0x1F300, 0x1F340))) + " Ёлка 5 € №", "\ufffd" * 64 + " Ёлка 5 € №"),
        ("Қазақстан, Ђурић, Łódź", "Қазақстан, Ђурић, Łódź"),
    ],
)
def test_what_no_font_can_print_prevents_no_paper(typed: str, printed: str) -> None:
    shown = words(service.make_sample(paper(PaperKind.TASK, lines=[PaperLine(text=typed)]), "ru", NOW))
    assert "".join(printed.split()) in "".join(shown.split())


def test_both_languages_have_the_same_papers() -> None:
    russian, english = (rules.sentences_of(rules.CURRENT_VERSION, language) for language in ("ru", "en"))
    assert set(russian.papers) == set(english.papers) == {*PaperKind, "fee_invoice"}
    for kind, one in russian.papers.items():
        other = english.papers[kind]
        assert (one.columns, one.parties, one.signers) == (other.columns, other.parties, other.signers)
        assert [len(part.clauses) for part in one.sections] == [len(part.clauses) for part in other.sections]


@pytest.mark.parametrize(
    ("pack", "client", "freelancer", "missing"),
    [
        ("ru", "company", "self_employed", set()),
        ("ru", "person", "self_employed", {"deposit_invoice", "client_fee_invoice"}),
        ("ru", "person", "person", {"deposit_invoice", "client_fee_invoice", "freelancer_fee_invoice"}),
        ("eu", "person", "person", {"deposit_invoice"}),
        ("other", "sole_trader", "person", {"freelancer_fee_invoice"}),
    ],
)
def test_the_statuses_of_both_parties_say_which_papers_a_deal_has(
    pack: str, client: str, freelancer: str, missing: set[str]
) -> None:
    found = rules.occasions(rules.pack_for(pack, pack), LegalKind(client), LegalKind(freelancer))
    assert {occasion.value for occasion in Occasion} - found == missing


def test_parties_of_different_packs_have_the_papers_of_all_other_countries() -> None:
    assert rules.packs().keys() == {"ru", "eu", "other"}
    assert rules.pack_for("ru", "eu") is rules.pack_for("other", "other") is rules.packs()["other"]


async def test_numbers_follow_each_other_and_come_back_after_a_rollback(resources: Resources) -> None:
    async def one(kind: PaperKind) -> tuple[str, int]:
        async with unit_of_work(resources) as work:
            (made,) = await service.issue(work, new(kind))
        return made.series, made.number

    async def interrupted() -> None:
        async with unit_of_work(resources) as work:
            await service.issue(work, new())
            raise LookupError

    first = await one(PaperKind.ACT)
    with pytest.raises(LookupError):
        await interrupted()
    numbers = [first, await one(PaperKind.ACT), await one(PaperKind.TASK)]
    assert numbers == [("A-2026", 1), ("A-2026", 2), ("T-2026", 1)]


async def test_numbers_have_no_gap_when_many_are_taken_at_once(live_resources: Resources) -> None:
    async def one(place: int) -> None:
        async with unit_of_work(live_resources) as work:
            await service.issue(work, new(PaperKind.RECEIPT))
            if place % 3 == 0:
                raise LookupError

    await asyncio.gather(*(one(place) for place in range(12)), return_exceptions=True)
    async with live_resources.sessions() as session:
        found = await session.execute(select(Document.number).where(Document.series == "R-2026"))
        assert sorted(found.scalars()) == list(range(1, 9))


async def test_the_file_comes_after_the_paper_and_is_kept(market: Market, resources: Resources) -> None:
    client, stranger = await market.person(), await market.person()
    async with unit_of_work(resources) as work:
        (invoice,) = await service.issue(work, new(PaperKind.INVOICE, client_id=client.id))
    with pytest.raises(PaperBeingMadeError):
        await workflows.read_paper(resources, client, invoice.id)
    async with unit_of_work(resources) as work:
        corrected = new(PaperKind.CREDIT_NOTE, client_id=client.id, corrects_id=invoice.id)
        (note,) = await service.issue(work, corrected)
    assert await workflows.make_files(resources) == 2
    assert await workflows.make_files(resources) == 0
    file = await workflows.read_paper(resources, client, note.id)
    assert (file.name, hashlib.sha256(file.content).hexdigest()) == ("N-2026-000001.pdf", file.sha256)
    assert "Исправляет документ I-2026-000001" in words(file.content)
    with pytest.raises(PaperNotFoundError):
        await workflows.read_paper(resources, stranger, note.id)
    async with resources.sessions() as session:
        stored = (await service.get_paper(session, note.id)).file
    assert stored is not None
    old = StoredObject(stored.storage_key, len(file.content), datetime(2020, 1, 1, tzinfo=UTC))
    async with unit_of_work(resources) as work:
        assert await orphan_keys(work, [old]) == []
    await storage_of(resources).remove([stored.storage_key])
    assert await workflows.read_paper(resources, client, note.id) == file
    async with unit_of_work(resources) as work:
        with pytest.raises(PaperNotFoundError):
            await service.issue(work, new(corrects_id=new_id()))


async def test_a_file_that_differs_from_the_issued_one_is_refused(market: Market, resources: Resources) -> None:
    client = await market.person()
    async with unit_of_work(resources) as work:
        (act,) = await service.issue(work, new(client_id=client.id))
        await service.record_file(work, act.id, "0" * 64)
    with pytest.raises(PaperAlteredError):
        await workflows.read_paper(resources, client, act.id)


async def test_a_file_that_cannot_be_stored_is_made_later(market: Market, resources: Resources, tmp_path: Path) -> None:
    client = await market.person()
    async with unit_of_work(resources) as work:
        (act,) = await service.issue(work, new(client_id=client.id))
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    working, resources.storage = storage_of(resources), DiskStorage(in_the_way)
    assert await workflows.make_files(resources) == 0
    resources.storage = working
    assert await workflows.make_files(resources) == 0, "it waits before the next attempt"
    async with unit_of_work(resources) as work:
        await work.session.execute(update(DocumentFile).values(next_try_at=func.now()))
    assert await workflows.make_files(resources) == 1
    assert (await workflows.read_paper(resources, client, act.id)).name == "A-2026-000001.pdf"


async def test_a_task_refers_to_the_contract_that_is_issued_with_it(resources: Resources) -> None:
    async with unit_of_work(resources) as work:
        task, contract = new(PaperKind.TASK, contract=None), new(PaperKind.CONTRACT, contract=None)
        made = await service.issue(work, task, contract)
    assert [row.kind for row in made] == [PaperKind.CONTRACT, PaperKind.TASK]
    assert [row.input["reference"] for row in made] == ["", "К договору C-2026-000001 от 1 декабря 2026\u202fг."]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE documents SET sha256 = repeat('0', 64)",
        "UPDATE document_files SET client_id = NULL, milestone_id = document_id",
        "UPDATE document_files SET sha256 = repeat('1', 64) WHERE sha256 IS NOT NULL",
        "DELETE FROM document_files",
        "DELETE FROM documents",
        "UPDATE document_series SET last_number = last_number + 2",
        "UPDATE document_series SET last_number = 1",
        "DELETE FROM document_series",
        "INSERT INTO document_series VALUES ('Z-2026', 2)",
        "INSERT INTO document_series VALUES ('Z-2026', 0)",
    ],
)
async def test_papers_and_counters_are_guarded(resources: Resources, change: str) -> None:
    for _ in range(2):
        async with unit_of_work(resources) as work:
            (made,) = await service.issue(work, new())
            await service.record_file(work, made.id, "0" * 64)
    async with resources.sessions() as session:
        with pytest.raises(DBAPIError, match=r"append-only|follow each other|stays as it was made"):
            await session.execute(text(change))


async def test_samples_are_written_for_every_kind_in_both_languages(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "samples"
    assert await command("papers", "sample", str(folder)) == f"14 samples are in {folder}."
    assert {path.name for path in folder.iterdir()} == {
        f"{kind}-{lang}.pdf" for kind in PaperKind for lang in ("ru", "en")
    }
    shown = words((folder / "contract-ru.pdf").read_bytes())
    for part in ("ОБРАЗЕЦ", "Договор об оказании услуг", "90 000,50 RUB", "Иванова Анна Сергеевна"):
        assert part in shown.replace("\xa0", " "), part
