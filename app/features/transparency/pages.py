"""Pages of what people take away and check: checkpoints, bundles, and statements of their money."""

import json
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from app.core.errors import FieldError
from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.i18n import N_, _
from app.core.money import Currency, Money
from app.core.text.whole_numbers import WholeNumber, read_whole
from app.features.authentication.dependencies import CurrentActor
from app.features.transparency import service, workflows
from app.features.transparency.errors import InvalidPeriodError, NoSolvencyProofError, StatementTooLongError
from app.features.transparency.schemas import MoneyState, OwedTotal, Period, StatementFormat, StatementRead
from app.web.formatting import money
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
SHOWN = 20
LARGEST = 2**63 - 1
ANSWERS = {
    "working": N_("Checking…"),
    "holds": N_("Everything is in order. Entries of yours in the log, all of them unchanged: {place}."),
    "entry": N_("Broken at position {place}: this entry is not the one that was sealed."),
    "floor": N_("Broken at position {place}: a balance would be below zero."),
    "checkpoint": N_("Broken: the checkpoint {place} does not belong to this log."),
    "signature": N_("Broken: {place} is not signed by the key of the log."),
    "balance": N_("Broken: the entries do not add up to the stated balance of the account {place}."),
    "paper": N_("Broken: {place} is missing, or is not the document that was issued."),
    "owed": N_("Broken: {place} does not prove that your money is in the total that was published."),
    "key": N_("Broken: the key of the log is damaged."),
    "damaged": N_("Broken: a file of the bundle is damaged."),
    "other-log": N_("Broken: your checkpoint of {place} entries is of another log."),
    "kept": N_(
        "The bundle is consistent. Choose a checkpoint that you kept earlier to be sure that the log is still the same."
    ),
    "no-proof": N_("The bundle has no proof for your checkpoint. Download it again and enter the size {place}."),
    "files": N_("These are not the files of a bundle. Choose the zip as it was downloaded."),
    "format": N_("This bundle is of the whole log or of another version: check it with verify.py."),
    "browser": N_("Your browser cannot check Ed25519 signatures. Update it, or run verify.py."),
}
"""What the script of the page says, by its reasons."""


@router.get("/transparency")
async def show_log(request: Request, session: ReadSession, before: Annotated[str, Query()] = "") -> Response:
    """Show the signed checkpoints of the ledger and how to verify it."""
    last = read_whole(before)
    found = await service.list_checkpoints(session, SHOWN, last if last and last <= LARGEST else None)
    size = found.items[0].size if found.items else 1
    command = f"python -I verify.py . --checkpoint checkpoint-{size}.txt"
    nights = (await service.list_nights(session, 1)).items
    shown = {"log": found, "command": command, "night": nights[0] if nights else None}
    return render(request, "transparency/show.html", shown | {"totals": _totals(nights[0].totals) if nights else []})


@router.get("/transparency/checkpoints/{size}")
async def download_checkpoint(size: WholeNumber, session: ReadSession) -> Response:
    """Return the signed note of a checkpoint as a file to keep."""
    found = await service.read_checkpoint(session, min(max(size, 0), LARGEST))
    headers = {"Content-Disposition": f'attachment; filename="checkpoint-{found.size}.txt"'}
    return Response(found.note, media_type="text/plain", headers=headers)


@router.get("/transparency/solvency/{night}")
async def download_night(night: date, session: ReadSession) -> Response:
    """Return the signed note of what was owed in a night as a file to keep."""
    found = await service.read_night(session, night)
    headers = {"Content-Disposition": f'attachment; filename="solvency-{found.night}.txt"'}
    return Response(found.note, media_type="text/plain", headers=headers)


@router.get("/wallet/proof")
async def show_own_proof(request: Request, actor: CurrentActor, session: ReadSession) -> Response:
    """Show that the reader's balances are in the published total."""
    try:
        found = await service.read_own_solvency(session, actor)
    except NoSolvencyProofError:
        return render(request, "transparency/proof.html", {"found": None})
    rows = [[_(KIND_LABELS[it.kind]), money(Money(it.balance, it.currency)), str(it.account)] for it in found.proofs]
    return render(request, "transparency/proof.html", {"found": found, "rows": rows, "totals": _totals(found.totals)})


@router.get("/wallet/proof/file")
async def download_own_proof(actor: CurrentActor, session: ReadSession) -> Response:
    """Return the proofs of the reader's balances as the file that a bundle has."""
    found = await service.read_own_solvency(session, actor)
    headers = {"Content-Disposition": f'attachment; filename="{found.night}.json"', "Cache-Control": "no-store"}
    return Response(service.solvency_file(found.note, found.proofs), media_type="application/json", headers=headers)


def _totals(totals: Sequence[OwedTotal]) -> list[list[str]]:
    """Return the rows of a table of what is owed: owed, held, and whether it is enough."""
    verdicts = {True: _("Covered"), False: _("Not covered"), None: _("Not known")}
    return [
        [
            money(Money(it.owed, it.currency)),
            _("Not known") if it.held is None else money(Money(it.held, it.currency)),
            verdicts[it.covered],
        ]
        for it in totals
    ]


@router.get("/transparency/bundle.zip")
async def download_bundle(
    actor: CurrentActor, resources: ProcessResources, kept: Annotated[str, Query()] = ""
) -> Response:
    """Return the reader's own transactions and papers with their proofs and the program that verifies them."""
    size = read_whole(kept)
    made = await workflows.make_bundle(resources, actor, [size] if size else [])
    return StreamingResponse(made.pieces, media_type=made.media_type, headers=made.headers)


@router.get("/transparency/verify")
async def verify_form(request: Request) -> Response:
    """Show the page that verifies a bundle in the browser, without sending it."""
    texts = {reason: _(text) for reason, text in ANSWERS.items()}
    return render(request, "transparency/verify.html", {"texts": json.dumps(texts)})


KIND_LABELS: dict[str, str] = {
    "wallet": N_("Available"),
    "maturing": N_("In the security period"),
    "escrow": N_("Held for work"),
    "fee_hold": N_("Fee that is not earned yet"),
    "dispute_hold": N_("Held in a dispute"),
    "payout_transit": N_("Being sent to your bank"),
    "refund_transit": N_("Being sent back to a card"),
}
"""What each kind of account in a proof holds."""
FORMATS = (
    (StatementFormat.PDF, N_("PDF, to print")),
    (StatementFormat.CSV, N_("CSV, for spreadsheets")),
    (StatementFormat.JSONL, N_("JSON Lines, for programs")),
    (StatementFormat.BEANCOUNT, N_("beancount, for accounting")),
)
Typed = Annotated[str, Query(max_length=20)]


@router.get("/wallet/statement")
async def show_statement(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    currency: Typed = "",
    first: Typed = "",
    last: Typed = "",
) -> Response:
    """Show what the reader had at the beginning and at the end of a period, and the files of the statement."""
    try:
        period = _typed_period(currency, first, last)
    except InvalidPeriodError as wrong:
        form = FormState.start(currency=currency, first=first, last=last)
        form = form.with_error([FieldError(("last",), wrong.text())])
        return _statement_page(request, form, None, HTTPStatus.UNPROCESSABLE_ENTITY)
    found = await service.read_statement(session, actor, period)
    form = FormState.start(currency=period.currency, first=period.first, last=period.last)
    return _statement_page(request, form, found)


@router.get("/wallet/statement/{format}")
async def download_statement(  # noqa: PLR0913, PLR0917 - the parts of the request
    request: Request,
    format: StatementFormat,  # noqa: A002 - the name in the address
    actor: CurrentActor,
    resources: ProcessResources,
    currency: Typed = "",
    first: Typed = "",
    last: Typed = "",
) -> Response:
    """Return a statement as a file."""
    try:
        made = await workflows.write_statement(resources, actor, _typed_period(currency, first, last), format)
    except (InvalidPeriodError, StatementTooLongError) as wrong:
        form = FormState.start(currency=currency, first=first, last=last)
        form = form.with_error([FieldError(("last",), wrong.text())])
        return _statement_page(request, form, None, HTTPStatus.UNPROCESSABLE_ENTITY)
    return StreamingResponse(made.pieces, media_type=made.media_type, headers=made.headers)


def _typed_period(currency: str, first: str, last: str) -> Period:
    """Return the days that were chosen; a currency that is none is that of the site.

    Raises:
        InvalidPeriodError: They are no days.
    """
    try:
        days = [date.fromisoformat(typed) if typed else None for typed in (first, last)]
    except ValueError as wrong:
        raise InvalidPeriodError from wrong
    return service.period_of(Currency(currency) if currency in set(Currency) else Currency.RUB, *days)


def _statement_page(
    request: Request, form: FormState, found: StatementRead | None, status: int = HTTPStatus.OK
) -> Response:
    rows: list[list[str]] = []
    links: list[tuple[str, str]] = []
    if found is not None:
        amounts = found.opening.model_dump(), found.closing.model_dump()
        labels = {state.value: label for state, label in service.STATE_LABELS.items()} | {"in_review": N_("In review")}
        rows = [
            [_(label), *(money(Money(amount[name], found.currency)) for amount in amounts)]
            for name, label in labels.items()
            if name == MoneyState.AVAILABLE.value or any(amount[name] for amount in amounts)
        ]
        query = f"currency={found.currency}&first={found.first}&last={found.last}"
        links = [(_(label), f"/wallet/statement/{it}?{query}") for it, label in FORMATS]
    currencies = [(it.value, it.value) for it in Currency]
    context = {"f": form, "found": found, "rows": rows, "links": links, "currencies": currencies}
    return render(request, "transparency/statement.html", context, status)
