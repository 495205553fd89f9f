"""The page of a withdrawal: its parts, who has to approve it, and what happens next, and when."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.request_keys import OnceRequired
from app.core.i18n import N_, _
from app.features.authentication.dependencies import CurrentActor
from app.features.payments import service
from app.features.payments.errors import WithdrawalNotFoundError
from app.features.payments.schemas import PayoutRead, WithdrawalRead
from app.models import OperationState, PayoutState, WithdrawalState
from app.web.flash import redirect
from app.web.formatting import exact
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
REFRESH_SECONDS = "4"
PERSON = N_("The payment service has not answered for a day. The operator is looking into it; no money is lost.")
PAYOUT_STATES: dict[PayoutState, tuple[str, str, str]] = {
    PayoutState.MOVING: (
        N_("On its way"),
        "accent",
        N_("The money usually arrives within minutes, at the latest in three days."),
    ),
    PayoutState.PAID: (N_("Paid out"), "good", N_("The bank has it. Some banks show it only after a few hours.")),
    PayoutState.FAILED: (N_("Not paid out"), "warn", N_("The whole amount is in your wallet again.")),
    PayoutState.RETURNED: (N_("Sent back by the bank"), "warn", N_("The amount is in your wallet again.")),
}
WAITS = N_("Waits for an approval")
ONE_APPROVES = N_("An operator checks this withdrawal by {time}.")
TWO_APPROVE = N_("Two operators check this withdrawal by {time}. {count} of 2 has approved it.")
AFTER_APPROVAL = N_(
    "Once it is approved, it is paid out to your card at once. If nobody decides in time, all of the money is in your "
    "wallet again."
)


@router.get("/wallet/withdrawals/{payout_id}")
async def show_payout(request: Request, payout_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show a withdrawal with all its parts; the page refreshes while it is on its way."""
    payout = await service.get_payout(session, actor, payout_id)
    whole = None
    if payout.withdrawal_id is not None:
        whole = await service.get_withdrawal(session, actor, payout.withdrawal_id)
    shown = shown_payout(payout)
    if whole is not None and whole.state is WithdrawalState.WAITING:
        shown["next"] = waiting_words(whole)
    context = {
        "shown": shown,
        "whole": whole,
        "waits": whole is not None and whole.state is WithdrawalState.WAITING,
        "parts": [shown_payout(each) for each in whole.parts] if whole is not None and len(whole.parts) > 1 else [],
        "f": FormState.start(),
    }
    response = render(request, "payments/payout.html", context)
    if payout.state is PayoutState.MOVING and not context["waits"]:
        response.headers["Refresh"] = REFRESH_SECONDS
    return response


@router.post("/wallet/withdrawals/{payout_id}/cancel")
async def cancel_withdrawal(
    payout_id: UUID, actor: CurrentActor, _form: PostedForm, uow: Uow, once: OnceRequired
) -> Response:
    """Give up a withdrawal that waits for an approval."""
    payout = await service.get_payout(uow.session, actor, payout_id)
    if payout.withdrawal_id is None:
        raise WithdrawalNotFoundError
    await service.cancel_withdrawal(uow, actor, payout.withdrawal_id)
    return once.led_to(redirect(f"/wallet/withdrawals/{payout_id}", _("The money is in your wallet again.")))


def shown_payout(payout: PayoutRead) -> dict[str, Any]:
    """Return a part of a withdrawal with its state in words, and what happens next."""
    words, tone, following = PAYOUT_STATES[payout.state]
    if payout.state is PayoutState.MOVING and payout.progress is OperationState.NEEDS_PERSON:
        following = PERSON
    if payout.waits:
        words, tone, following = WAITS, "warn", AFTER_APPROVAL
    following = _(following)
    return {
        "it": payout,
        "badge": (_(words), tone),
        "next": f"{payout.reason} {following}" if payout.reason else following,
    }


def waiting_words(whole: WithdrawalRead) -> str:
    """Return who has to approve a withdrawal, by when, and what happens afterwards."""
    time = exact(whole.decided_until) if whole.decided_until else ""
    who = ONE_APPROVES if whole.approvals_needed == 1 else TWO_APPROVE
    return f"{_(who).format(time=time, count=whole.approvals)} {_(AFTER_APPROVAL)}"
