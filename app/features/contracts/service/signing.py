"""Use cases that sign the papers of a deal by a code; the signature is a line of its timeline."""

from uuid import UUID

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.service import Caller
from app.features.contracts.rules import OtherEvent
from app.features.contracts.service.guards import lock_deal, record
from app.features.papers import service as papers
from app.features.papers.errors import PaperNotFoundError


async def send_sign_code(uow: UnitOfWork, actor: Actor, paper_id: UUID) -> None:
    """Send the actor a code to sign a paper with. Emits `SignCodeRequested`.

    Raises:
        PaperNotFoundError: There is no such paper, or it does not concern the actor.
        PaperBeingMadeError: Its file is not made yet.
        PaperNotToSignError: It needs no signature of the actor, or has it.
        NoEmailToSignError: The account has no confirmed e-mail address.
        TooManyTriesError: Too many codes were asked for.
    """
    await papers.send_code(uow, actor, paper_id)


async def sign_paper(uow: UnitOfWork, actor: Actor, paper_id: UUID, code: str, caller: Caller) -> UUID:
    """Sign a paper by the code that was sent, and return its contract. Emits `DealMoved`.

    Raises:
        PaperNotFoundError: There is no such paper, or it does not concern the actor.
        PaperBeingMadeError: Its file is not made yet.
        PaperNotToSignError: It needs no signature of the actor, or has it.
        WrongSignCodeError: The code is wrong or too old.
    """
    paper = await papers.get_paper(uow.session, paper_id, actor)
    contract_id = paper.file.contract_id if paper.file is not None else None
    if contract_id is None:
        raise PaperNotFoundError
    locked, side = await lock_deal(uow, actor, contract_id)
    number, sha256 = await papers.sign(uow, actor, paper, code, caller)
    note = f"{number}, SHA-256 {sha256}"
    record(uow, locked, OtherEvent.PAPER_SIGNED, side, actor=actor, note=note)
    return contract_id
