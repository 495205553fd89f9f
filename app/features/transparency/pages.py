"""Pages of the transparency log: its checkpoints, how to verify it, and the bundle of the reader."""

import json
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.i18n import N_, _
from app.core.text.whole_numbers import WholeNumber, read_whole
from app.features.authentication.dependencies import CurrentActor
from app.features.transparency import service
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
    return render(request, "transparency/show.html", {"log": found, "command": command})


@router.get("/transparency/checkpoints/{size}")
async def download_checkpoint(size: WholeNumber, session: ReadSession) -> Response:
    """Return the signed note of a checkpoint as a file to keep."""
    found = await service.read_checkpoint(session, min(max(size, 0), LARGEST))
    headers = {"Content-Disposition": f'attachment; filename="checkpoint-{found.size}.txt"'}
    return Response(found.note, media_type="text/plain", headers=headers)


@router.get("/transparency/bundle.zip")
async def download_bundle(actor: CurrentActor, session: ReadSession, kept: Annotated[str, Query()] = "") -> Response:
    """Return the reader's own transactions with their proofs and the program that verifies them."""
    size = read_whole(kept)
    made = await service.make_bundle(session, actor, [size] if size else [])
    headers = {"Content-Disposition": 'attachment; filename="bundle.zip"', "Cache-Control": "no-store"}
    return Response(made, media_type="application/zip", headers=headers)


@router.get("/transparency/verify")
async def verify_form(request: Request) -> Response:
    """Show the page that verifies a bundle in the browser, without sending it."""
    texts = {reason: _(text) for reason, text in ANSWERS.items()}
    return render(request, "transparency/verify.html", {"texts": json.dumps(texts)})
