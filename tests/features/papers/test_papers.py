"""Papers: the same bytes again, no markup from texts, numbers without gap, samples."""

import asyncio
import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.ids import new_id
from app.core.money import Currency
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.legal.schemas import LegalDetails
from app.features.papers import rules, service
from app.features.papers.errors import PaperAlteredError, PaperNotFoundError
from app.features.papers.schemas import ContractReference, Language, Paper, PaperLine, Role
from app.models import Document, LegalKind, PaperKind
from tests.factories.commands import Command
from tests.features.legal.test_rules import COMPANY, PERSON

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = date(2026, 12, 1)
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
        contract=ContractReference(number="C-2026-000007", day=DAY),
    )


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
    assert set(russian.papers) == set(english.papers) == set(PaperKind)
    for kind in PaperKind:
        one, other = russian.papers[kind], english.papers[kind]
        assert (one.columns, one.parties, one.signers) == (other.columns, other.parties, other.signers)
        assert [len(part.clauses) for part in one.sections] == [len(part.clauses) for part in other.sections]


async def test_numbers_follow_each_other_and_come_back_after_a_rollback(resources: Resources) -> None:
    async def one(kind: PaperKind) -> tuple[str, int]:
        async with unit_of_work(resources) as work:
            made = await service.issue(work, paper(kind), "ru")
        return made.series, made.number

    async def interrupted() -> None:
        async with unit_of_work(resources) as work:
            await service.issue(work, paper(PaperKind.ACT), "ru")
            raise LookupError

    first = await one(PaperKind.ACT)
    with pytest.raises(LookupError):
        await interrupted()
    numbers = [first, await one(PaperKind.ACT), await one(PaperKind.TASK)]
    assert numbers == [("A-2026", 1), ("A-2026", 2), ("T-2026", 1)]


async def test_numbers_have_no_gap_when_many_are_taken_at_once(live_resources: Resources) -> None:
    async def one(place: int) -> None:
        async with unit_of_work(live_resources) as work:
            await service.issue(work, paper(PaperKind.RECEIPT), "en")
            if place % 3 == 0:
                raise LookupError

    await asyncio.gather(*(one(place) for place in range(12)), return_exceptions=True)
    async with live_resources.sessions() as session:
        found = await session.execute(select(Document.number).where(Document.series == "R-2026"))
        assert sorted(found.scalars()) == list(range(1, 9))


async def test_an_issued_paper_is_made_again_and_a_changed_one_is_refused(resources: Resources) -> None:
    async with unit_of_work(resources) as work:
        invoice = await service.issue(work, paper(PaperKind.INVOICE), "ru")
        note = await service.issue(work, paper(PaperKind.CREDIT_NOTE), "ru", corrects_id=invoice.id)
    async with resources.sessions() as session:
        session.expire_all()
        file = await service.read_file(session, note.id)
        assert hashlib.sha256(file).hexdigest() == note.sha256
        assert "Исправляет документ I-2026-000001" in words(file)
        assert note.corrects_id == invoice.id
        with pytest.raises(PaperNotFoundError):
            await service.read_file(session, new_id())
    async with unit_of_work(resources) as work:
        with pytest.raises(PaperNotFoundError):
            await service.issue(work, paper(), "ru", corrects_id=new_id())
    async with resources.sessions() as session:
        other: dict[str, Any] = {**invoice.input, "title": "Счёт на другую сумму"}
        forged = Document(
            id=new_id(), series="I-2026", number=2, kind=PaperKind.INVOICE, language="ru", sentences_version="v1",
            input=other, sha256=invoice.sha256,
        )  # fmt: skip
        session.add(forged)
        await session.flush()
        with pytest.raises(PaperAlteredError):
            await service.read_file(session, forged.id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE documents SET sha256 = repeat('0', 64)",
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
            await service.issue(work, paper(), "ru")
    async with resources.sessions() as session:
        with pytest.raises(DBAPIError, match=r"append-only|follow each other"):
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
