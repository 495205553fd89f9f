"""Papers as the caller describes them, and as the template reads them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.money import MAX_AMOUNT, Currency
from app.features.legal.schemas import LegalDetails
from app.models import LegalKind
from app.models.document import PaperKind

MAX_LINES, MAX_TEXT = 200, 2000
type Language = Literal["ru", "en"]


class Role(StrEnum):
    """The role of a party of a paper."""

    CLIENT = "client"
    FREELANCER = "freelancer"
    PLATFORM = "platform"


class Occasion(StrEnum):
    """What a paper is issued for; several occasions may share a kind of paper."""

    CONTRACT = "contract"
    TASK = "task"
    DEPOSIT_INVOICE = "deposit_invoice"
    RECEIPT = "receipt"
    ACT = "act"
    CLIENT_FEE_INVOICE = "client_fee_invoice"
    FREELANCER_FEE_INVOICE = "freelancer_fee_invoice"
    CREDIT_NOTE = "credit_note"
    WITHDRAWAL = "withdrawal"


type Form = PaperKind | Literal["fee_invoice"]
"""What has sentences of its own: the kinds, and the invoice of a fee."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PaperLine(_Model):
    """One line of the table of a paper."""

    text: Annotated[str, Field(max_length=MAX_TEXT)]
    note: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    """How an item of a task is checked, or what an accepted one resulted in."""
    due: date | None = None
    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT)] | None = None
    """In minor units of the currency."""


class ContractReference(_Model):
    """The contract that a paper belongs to."""

    number: str
    day: date


class Paper(_Model):
    """What a paper says, without language and number."""

    kind: PaperKind
    day: date
    subject: Annotated[str, Field(max_length=MAX_TEXT)]
    currency: Currency
    parties: dict[Role, LegalDetails]
    lines: Annotated[list[PaperLine], Field(max_length=MAX_LINES)]
    contract: ContractReference | None = None
    form: Literal["fee_invoice"] | None = None
    """Other sentences than those of the kind."""
    reason: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    """Why a credit note corrects another paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPaper:
    """A paper to be issued, and whom it concerns."""

    paper: Paper
    language: Language
    contract_id: UUID | None = None
    milestone_id: UUID | None = None
    client_id: UUID | None = None
    """The client, where the client may read it."""
    freelancer_id: UUID | None = None
    corrects_id: UUID | None = None
    """The paper that this one corrects."""


@dataclass(frozen=True, slots=True)
class PaperFile:
    """The file of a paper and its name."""

    name: str
    content: bytes
    sha256: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a download; the checksum can be compared with that of the list."""
        return {
            "Content-Disposition": f'attachment; filename="{self.name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "X-Content-SHA256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class SignMessage:
    """What the message with a code contains."""

    document_id: UUID
    number: str
    sha256: str
    code: str


class SignPaper(_Model):
    """A signature by a code."""

    code: Annotated[str, Field(min_length=4, max_length=20, description="The code of the e-mail.")]


class SignatureRead(BaseModel):
    """Who signed a paper, when, and which checksum its file had."""

    side: Role
    signed_at: datetime
    sha256: str


MEDIA_TYPE = "application/pdf"


class PaperRead(BaseModel):
    """A paper of a deal. `sha256` is the checksum of its file, null while the file is being made."""

    id: UUID
    number: str
    kind: PaperKind
    kind_words: str
    issued_at: datetime
    sha256: str | None
    milestone_id: UUID | None
    signatures: list[SignatureRead] = Field(default_factory=list[SignatureRead])
    can_sign: bool = Field(default=False, description="Whether it waits for your signature.")


class SheetColumn(_Model):
    """A column of the table."""

    label: str
    wide: bool
    right: bool


class SheetRow(_Model):
    """A label and its value."""

    label: str
    value: str


class SheetSection(_Model):
    """Clauses under a heading."""

    heading: str
    clauses: list[str]


class SheetParty(_Model):
    """A party with its details and the line for its signature."""

    role: str
    name: str
    rows: list[SheetRow]
    signs: bool
    signature: str


class Sheet(BaseModel):
    """Every text of one file in one language; stored with the paper, so that the same file can be made again."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"), validate_by_name=True
    )

    version: str
    language: Language
    title: str
    subtitle: str
    issuer: str
    created_at: datetime
    created: list[int]
    day: str
    reference: str
    intro: str
    columns: list[SheetColumn]
    rows: list[list[str]]
    totals: list[SheetRow]
    table_first: bool
    sections: list[SheetSection]
    parties_heading: str
    parties: list[SheetParty]
    note: str
    footer: str
    page_words: str
    sample: str


class SentenceSection(_Model):
    """Clauses of a paper before its values are filled in."""

    heading: str
    clauses: list[str]


class PaperSentences(_Model):
    """The sentences of one kind of paper, and which parts it has."""

    title: str
    subtitle: str
    intro: str
    columns: list[Literal["position", "text", "note", "result", "due", "amount"]]
    table_first: bool
    parties: list[Role]
    signers: list[Role]
    sections: list[SentenceSection] = Field(default_factory=list[SentenceSection])


class Words(_Model):
    """The words that all papers of a language share."""

    page: str
    sample: str
    reference: str
    corrects: str
    total: str
    parties: str
    issuer: str
    signature: str
    footer: str
    e_signature: str


class Sentences(_Model):
    """The sentences of all papers in one language and version."""

    words: Words
    roles: dict[Role, str]
    columns: dict[str, str]
    papers: dict[Form, PaperSentences]


class PaperRule(_Model):
    """Legal statuses of the parties for which a paper is issued; an empty list is every status."""

    client: list[LegalKind] = Field(default_factory=list[LegalKind])
    freelancer: list[LegalKind] = Field(default_factory=list[LegalKind])


class PaperPack(_Model):
    """The papers of deals in the countries of one pack, and their language."""

    language: Language
    papers: dict[Occasion, list[PaperRule]]
