"""The page with the edits of a proposal: removed and added text."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.money import Money
from app.core.text.whole_numbers import WholeNumber
from app.core.text.word_diff import diff_words
from app.features.authentication.dependencies import CurrentActor
from app.features.proposals import service
from app.features.proposals.schemas import EarlierProposal, ProposalRead
from app.web.templating import render

router = FeatureRouter()
EDITS_PER_PAGE = 10
MAX_VERSION = 2**31 - 1


@router.get("/proposals/{proposal_id}/history")
async def show_history(
    request: Request,
    proposal_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    before: Annotated[WholeNumber | None, Query(ge=1, le=MAX_VERSION)] = None,
) -> Response:
    """Show the edits of a proposal to its two sides, newest first."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    # The versions on both sides of each edit, and one more to know whether there are older edits.
    versions: list[ProposalRead | EarlierProposal] = [proposal] if before is None else []
    earlier = await service.list_revisions(
        session, actor, proposal_id, before=before, limit=EDITS_PER_PAGE + 2 - len(versions)
    )
    versions.extend(earlier)
    was = earlier if before is None else earlier[1:]
    shown = list(zip(was, versions, strict=False))[:EDITS_PER_PAGE]
    address = f"/proposals/{proposal_id}/history"
    context = {
        "proposal": proposal,
        "edits": [_edit(old, new) for old, new in shown],
        "mine": proposal.freelancer.id == actor.id,
        "older": f"{address}?before={shown[-1][0].version}" if len(was) > EDITS_PER_PAGE else None,
        "newest": address if before else None,
    }
    return render(request, "proposals/history.html", context)


def _edit(before: EarlierProposal, after: ProposalRead | EarlierProposal) -> dict[str, Any]:
    """Return the differences made by one edit; unchanged fields are left out."""
    currency = before.price.currency
    was, now = (
        [(part.title, Money(part.amount, currency), part.days) for part in one.milestones] for one in (before, after)
    )
    return {
        "at": before.replaced_at,
        "price": None if before.price == after.price else (before.price, after.price),
        "term": None if before.term_days == after.term_days else (before.term_days, after.term_days),
        "letter": diff_words(before.letter, after.letter) if before.letter != after.letter else [],
        "plan": None if was == now else (was, now),
        "answers": [
            (new.question, diff_words(old.answer, new.answer))
            for old, new in zip(before.answers, after.answers, strict=False)
            if old.answer != new.answer
        ],
    }
