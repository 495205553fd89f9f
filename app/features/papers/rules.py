"""The sentences of papers, and the texts of a paper in one language."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from uuid import UUID

from babel.dates import format_date
from babel.numbers import format_currency

from app.core.config import ROOT
from app.core.i18n import N_
from app.core.money import MINOR_DIGITS, Currency
from app.features.papers.schemas import (
    ContractReference,
    Language,
    NewPaper,
    Occasion,
    Paper,
    PaperLine,
    PaperPack,
    PaperSentences,
    Role,
    Sentences,
    Sheet,
    SheetColumn,
    SheetParty,
    SheetRow,
    SheetSection,
)
from app.models import LegalKind
from app.models.document import DocumentFile, PaperKind

CURRENT_VERSION = "v2"
PAPERS = ROOT / "app" / "data" / "papers"
SERIES: dict[PaperKind, str] = {
    PaperKind.CONTRACT: "C",
    PaperKind.TASK: "T",
    PaperKind.ACT: "A",
    PaperKind.INVOICE: "I",
    PaperKind.RECEIPT: "R",
    PaperKind.WITHDRAWAL: "W",
    PaperKind.CREDIT_NOTE: "N",
}
"""The first part of the series of each kind; the year of the paper follows."""
KIND_LABELS: dict[PaperKind, str] = {
    PaperKind.CONTRACT: N_("Contract"),
    PaperKind.TASK: N_("Statement of work"),
    PaperKind.ACT: N_("Act of acceptance"),
    PaperKind.INVOICE: N_("Invoice"),
    PaperKind.RECEIPT: N_("Receipt of payment"),
    PaperKind.WITHDRAWAL: N_("Withdrawal statement"),
    PaperKind.CREDIT_NOTE: N_("Credit note"),
}
_RIGHT = frozenset({"amount"})
_WIDE = frozenset({"text", "note", "result"})
type Rows = Mapping[Role, list[tuple[str, str]]]
"""Labels and values of the parties in the language of the paper."""


def series_of(kind: PaperKind, day: date) -> str:
    """Return the series that a paper gets its number from."""
    return f"{SERIES[kind]}-{day.year}"


def number_text(series: str, number: int) -> str:
    """Return a number as papers show it."""
    return f"{series}-{number:06d}"


def with_contract(new: NewPaper, contracts: Sequence[tuple[str, date]]) -> NewPaper:
    """Return a paper that refers to the contract issued with it, if it names none itself."""
    paper = new.paper
    if not contracts or paper.contract is not None or paper.kind is PaperKind.CONTRACT:
        return new
    number, day = contracts[0]
    return replace(new, paper=paper.model_copy(update={"contract": ContractReference(number=number, day=day)}))


def may_read(file: DocumentFile | None, reader_id: UUID) -> bool:
    """Tell whether a paper concerns a person."""
    return file is not None and reader_id in {file.client_id, file.freelancer_id}


def side_of(file: DocumentFile | None, user_id: UUID) -> Role:
    """Return the side of a person whom a paper concerns."""
    return Role.CLIENT if file is not None and file.client_id == user_id else Role.FREELANCER


def signs(kind: PaperKind, file: DocumentFile | None, user_id: UUID) -> bool:
    """Tell whether a paper needs the signature of a person: those of both parties do."""
    signers = sentences_of(CURRENT_VERSION, "en").papers[kind].signers
    return may_read(file, user_id) and len(signers) > 1 and side_of(file, user_id) in signers


@cache
def packs() -> dict[str, PaperPack]:
    """Return the packs of papers by the names of the packs of legal details."""
    content = tomllib.loads((PAPERS / "packs.toml").read_text(encoding="utf-8"))
    return {name: PaperPack.model_validate(pack) for name, pack in content.items()}


def pack_for(client: str, freelancer: str) -> PaperPack:
    """Return the pack of a deal.

    Args:
        client: The pack of the client's legal details.
        freelancer: The pack of the freelancer's.
    """
    known = packs()
    return known[client] if client == freelancer and client in known else known["other"]


def occasions(pack: PaperPack, client: LegalKind, freelancer: LegalKind) -> frozenset[Occasion]:
    """Return what papers are issued for in a deal between parties of these legal statuses."""
    return frozenset(
        occasion
        for occasion, ways in pack.papers.items()
        if any(
            (not way.client or client in way.client) and (not way.freelancer or freelancer in way.freelancer)
            for way in ways
        )
    )


@cache
def sentences_of(version: str, language: str) -> Sentences:
    """Return the sentences of a version in a language."""
    return read_sentences(PAPERS / version / f"{language}.toml")


def read_sentences(path: Path) -> Sentences:
    """Read a file of sentences.

    Raises:
        ValueError: The file does not have the form of sentences.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    shared = {name: content.pop(name, {}) for name in ("words", "roles", "columns")}
    return Sentences.model_validate(shared | {"papers": content})


def format_amount(minor: int, currency: Currency, language: str) -> str:
    """Return an amount with all its decimals and the code of the currency: `18 000,00 RUB`."""
    digits = MINOR_DIGITS[currency]
    amount = Decimal(minor).scaleb(-digits)
    pattern = f"#,##0{'.' if digits else ''}{'0' * digits}\u00a0¤¤"
    return format_currency(amount, currency.value, pattern, locale=language, currency_digits=False)


def format_day(day: date, language: str) -> str:
    """Return a date in words: `29 ноября 2026 г.`."""
    return format_date(day, format="long", locale=language)


def compose(  # noqa: PLR0913 - each is one property of the file
    paper: Paper,
    language: Language,
    number: str,
    created_at: datetime,
    details: Rows,
    *,
    corrects: str = "",
    sample: bool = False,
) -> Sheet:
    """Return every text of a paper in one language.

    Args:
        paper: What it says.
        language: The language of the file.
        number: Its number, as shown.
        created_at: When it was issued.
        details: Labels and values of its parties in this language.
        corrects: The number of the paper that this one corrects.
        sample: Whether it is marked as a sample.
    """
    sentences = sentences_of(CURRENT_VERSION, language)
    words, kind = sentences.words, sentences.papers[paper.form or paper.kind]
    values = _values(paper, language) | {"number": number, "corrects": corrects}
    both_sign = len(kind.signers) > 1
    return Sheet(
        version=CURRENT_VERSION,
        language=language,
        title=kind.title.format_map(values),
        subtitle=kind.subtitle.format_map(values),
        issuer=_name(paper, Role.PLATFORM),
        created_at=created_at,
        created=[created_at.year, created_at.month, created_at.day],
        day=format_day(paper.day, language),
        reference=_reference(paper, corrects, sentences).format_map(values),
        intro=kind.intro.format_map(values),
        columns=_columns(kind, sentences),
        rows=[_row(place, line, kind, paper.currency, language) for place, line in enumerate(paper.lines, 1)],
        totals=[SheetRow(label=words.total, value=values["total"])] if _has_amounts(paper) else [],
        table_first=kind.table_first,
        sections=_sections(kind, values),
        parties_heading=words.parties if both_sign else words.issuer,
        parties=[_party(paper, role, kind, sentences, details[role]) for role in kind.parties],
        note=words.e_signature if both_sign else "",
        footer=words.footer.format_map(values),
        page_words=words.page,
        sample=words.sample if sample else "",
    )


def _values(paper: Paper, language: Language) -> dict[str, str]:
    """Return what the placeholders of sentences stand for; texts that people typed are never read as sentences."""
    total = sum(line.amount or 0 for line in paper.lines)
    return {
        "subject": paper.subject,
        "total": format_amount(total, paper.currency, language),
        "reason": paper.reason,
        "contract": paper.contract.number if paper.contract else "",
        "contract_day": format_day(paper.contract.day, language) if paper.contract else "",
        "version": CURRENT_VERSION,
        **{role.value: _name(paper, role) for role in Role},
    }


def _has_amounts(paper: Paper) -> bool:
    return any(line.amount is not None for line in paper.lines)


def _columns(kind: PaperSentences, sentences: Sentences) -> list[SheetColumn]:
    return [
        SheetColumn(label=sentences.columns[name], wide=name in _WIDE, right=name in _RIGHT) for name in kind.columns
    ]


def _sections(kind: PaperSentences, values: Mapping[str, str]) -> list[SheetSection]:
    return [
        SheetSection(heading=section.heading, clauses=[clause.format_map(values) for clause in section.clauses])
        for section in kind.sections
    ]


def _party(
    paper: Paper, role: Role, kind: PaperSentences, sentences: Sentences, rows: list[tuple[str, str]]
) -> SheetParty:
    return SheetParty(
        role=sentences.roles[role],
        name=_name(paper, role),
        rows=[SheetRow(label=label, value=value) for label, value in rows],
        signs=role in kind.signers,
        signature=sentences.words.signature.format_map({"name": _signer(paper, role)}),
    )


def _reference(paper: Paper, corrects: str, sentences: Sentences) -> str:
    """Return the line that names the contract, or the paper that this one corrects."""
    if corrects:
        return sentences.words.corrects
    return sentences.words.reference if paper.contract else ""


def _row(place: int, line: PaperLine, kind: PaperSentences, currency: Currency, language: str) -> list[str]:
    cells = {
        "position": str(place),
        "text": line.text,
        "note": line.note,
        "result": line.note,
        "due": "" if line.due is None else format_date(line.due, format="medium", locale=language),
        "amount": "" if line.amount is None else format_amount(line.amount, currency, language),
    }
    return [cells[name] for name in kind.columns]


def _name(paper: Paper, role: Role) -> str:
    details = paper.parties.get(role)
    return details.fields.get("legal_name", "") if details else ""


def _signer(paper: Paper, role: Role) -> str:
    """Return who signs: the representative of a company, else the party itself."""
    details = paper.parties.get(role)
    return (details.fields.get("representative") or _name(paper, role)) if details else ""
