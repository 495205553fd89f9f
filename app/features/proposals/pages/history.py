"""The page with the edits of a proposal: removed and added text."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.money import Money
from app.core.text.word_diff import diff_words
from app.features.authentication.dependencies import CurrentActor
from app.features.proposals import service
from app.features.proposals.schemas import EarlierProposal, ProposalRead
from app.web.templating import render

router = FeatureRouter()


@router.get("/proposals/{proposal_id}/history")
async def show_history(request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the edits of a proposal to its two sides, newest first."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    earlier = await service.list_revisions(session, actor, proposal_id)
    after: list[ProposalRead | EarlierProposal] = [proposal, *earlier]
    edits = [_edit(before, now) for before, now in zip(earlier, after, strict=False)]
    mine = proposal.freelancer.id == actor.id
    return render(request, "proposals/history.html", {"proposal": proposal, "edits": edits, "mine": mine})


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
