"""The page of the state machines."""

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.i18n import _, ngettext
from app.features.authentication.dependencies import OptionalActor
from app.features.orders import service
from app.features.orders.schemas import ArrowRead, MachineRead, StateRead
from app.web.templating import render

router = FeatureRouter()
HOURS_A_DAY = 24


@router.get("/states")
async def show_states(request: Request, _actor: OptionalActor, resources: ProcessResources) -> Response:
    """Show all state machines, generated from the tables that the code uses."""
    machines = [(machine, _states(machine)) for machine in service.list_machines(resources.settings)]
    return render(request, "orders/state_machines.html", {"machines": machines})


def _states(machine: MachineRead) -> list[tuple[StateRead, list[tuple[str, str, str]]]]:
    """Return each state with its transitions: who acts, the event, and the next state."""
    words = {state.name: state.words for state in machine.states}
    return [
        (state, [(arrow.by_words, _event_label(state, arrow), words[arrow.to]) for arrow in state.steps])
        for state in machine.states
    ]


def _event_label(state: StateRead, arrow: ArrowRead) -> str:
    wait = state.if_nobody_acts
    if wait is not None and wait.event == arrow.event and wait.after_seconds is not None:
        return _("after {length}: {deed}").format(length=_length(wait.after_seconds), deed=arrow.event_words)
    return f"{arrow.event_words} ({arrow.only})" if arrow.only else arrow.event_words


def _length(seconds: int) -> str:
    hours = round(timedelta(seconds=seconds) / timedelta(hours=1))
    if hours % HOURS_A_DAY:
        return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
    days = hours // HOURS_A_DAY
    return ngettext("{count} day", "{count} days", days).format(count=days)
