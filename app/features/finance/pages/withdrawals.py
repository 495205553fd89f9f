"""Pages on which operators approve or refuse withdrawals above the limits of the site."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.request_keys import OnceRequired
from app.core.i18n import _
from app.core.money import Money
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import CurrentSession, FinanceActor
from app.features.finance import service
from app.features.finance.presenters import WITHDRAWAL_STATES
from app.features.finance.schemas import WithdrawalRefusal, WithdrawalToApprove
from app.features.payments.dependencies import RecentPassword
from app.models import WithdrawalState
from app.web.flash import redirect
from app.web.formatting import money
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter(prefix="/finance/withdrawals")
PAGE = 20
UNLOCK = "/wallet/unlock?then=withdrawals"


@router.get("")
async def list_withdrawals(
    request: Request,
    actor: FinanceActor,
    session: ReadSession,
    every: Annotated[bool, Query()] = False,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """List the withdrawals that wait for a decision, or every one that needed one."""
    page = await service.list_withdrawals(session, actor, cursor, PAGE, waiting=not every)
    start = "/finance/withdrawals?every=1" if every else "/finance/withdrawals"
    following = f"{start}{'&' if every else '?'}cursor={page.next_cursor}"
    context = {
        "rows": [_shown(each) for each in page.items],
        "every": every,
        "older": following if page.next_cursor else None,
        "newer": start if cursor else None,
    }
    return render(request, "finance/withdrawals.html", context)


@router.get("/{withdrawal_id}")
async def show_withdrawal(
    request: Request,
    withdrawal_id: UUID,
    actor: FinanceActor,
    view: CurrentSession,
    resources: ProcessResources,
    session: ReadSession,
) -> Response:
    """Show a withdrawal with who withdraws and who has decided."""
    found = await service.get_withdrawal(session, actor, withdrawal_id)
    proven = authentication.has_recent_password(resources, view)
    context = {"shown": _shown(found), "f": FormState.start(), "proven": proven, "unlock": UNLOCK}
    return render(request, "finance/withdrawal.html", context)


@router.post("/{withdrawal_id}/approve")
async def approve(
    withdrawal_id: UUID,
    actor: FinanceActor,
    _password: RecentPassword,
    _form: PostedForm,
    uow: Uow,
    once: OnceRequired,
) -> Response:
    """Approve a withdrawal of somebody else."""
    made = await service.approve_withdrawal(uow, actor, withdrawal_id)
    said = _("The withdrawal is approved and is being paid out.")
    if made.state is WithdrawalState.WAITING:
        said = _("Your approval is recorded. Another person has to approve it too.")
    return once.led_to(redirect(f"/finance/withdrawals/{withdrawal_id}", said))


@router.post("/{withdrawal_id}/refuse")
async def refuse(withdrawal_id: UUID, actor: FinanceActor, form: PostedForm, uow: Uow, once: OnceRequired) -> Response:
    """Refuse a withdrawal of somebody else, with a reason that they read."""
    typed = form.get("reason")
    reason = typed.strip() if isinstance(typed, str) else ""
    if not reason:
        return redirect(
            f"/finance/withdrawals/{withdrawal_id}", _("Write why you refuse it: its owner reads it."), "warn"
        )
    await service.refuse_withdrawal(uow, actor, withdrawal_id, WithdrawalRefusal(reason=reason[:2000]).reason)
    return once.led_to(
        redirect(f"/finance/withdrawals/{withdrawal_id}", _("The withdrawal is refused. The money is with its owner."))
    )


def _shown(each: WithdrawalToApprove) -> dict[str, Any]:
    words, tone = WITHDRAWAL_STATES[each.state]
    return {
        "it": each,
        "amount": money(Money(each.amount, each.currency)),
        "fee": money(Money(each.fee, each.currency)),
        "badge": (_(words), tone),
    }
