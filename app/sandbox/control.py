"""What a tester sets at the sandbox provider: faults, the clock, secrets of webhooks, people, later events."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.books import moment
from app.sandbox.context import answer, context_of, guarded, parsed, raw_body
from app.sandbox.faults import fits
from app.sandbox.problems import Problem
from app.sandbox.requests import ClockChange, NewSecret, Person, PlannedFault, Seed

LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""How far the clock can be turned: later times cannot be computed with at the end of the calendar."""


async def clock(request: Request) -> Response:
    """Return the provider's time, or turn it forward and do what has become due."""
    provider = context_of(request).provider
    if request.method == "POST":
        seconds = parsed(ClockChange, await raw_body(request)).seconds_from(provider.clock.now())
        if seconds < 0:
            raise Problem(422, "clock_goes_back", "The clock can only be turned forward.")
        if provider.clock.now().timestamp() + seconds > LATEST.timestamp():
            raise Problem(422, "clock_too_far", f"The clock can be turned to {LATEST.year} at most.")
        provider.clock.forward(seconds)
        provider.settle()
        await context_of(request).sender.send_due()
    return answer({"now": moment(provider.clock.now())})


async def faults(request: Request) -> Response:
    """Return the fault plan, add a fault, or drop the plan."""
    plan = context_of(request).provider.faults
    if request.method == "POST":
        asked = parsed(PlannedFault, await raw_body(request))
        if not fits(asked.call, asked.kind):
            raise Problem(422, "fault_does_not_fit", f"{asked.kind} cannot happen at {asked.call}.")
        plan.add(asked.call, asked.kind, asked.times, asked.argument)
    elif request.method == "DELETE":
        plan.clear()
    return answer({"faults": plan.planned()})


async def seed(request: Request) -> Response:
    """Draw faults by a seed from now on."""
    asked = parsed(Seed, await raw_body(request))
    context_of(request).provider.faults.draw_from(asked.seed, asked.rate)
    return answer({"seed": asked.seed, "rate": asked.rate})


async def webhook_secrets(request: Request) -> Response:
    """Return the active secrets, add one, or retire all but the newest."""
    queue = context_of(request).provider.webhooks
    if request.method == "POST":
        queue.add_secret(parsed(NewSecret, await raw_body(request)).secret)
    elif request.method == "DELETE":
        queue.retire_secrets()
    return answer({"secrets": queue.secrets()})


async def webhooks(request: Request) -> Response:
    """Return the messages, or send now what is due."""
    context = context_of(request)
    if request.method == "POST":
        await context.sender.send_due()
    return answer({"messages": context.provider.webhooks.listed()})


async def person(request: Request) -> Response:
    """Set what is known of a self-employed person."""
    provider = context_of(request).provider
    tax_id = request.path_params["tax_id"]
    provider.keep_person(tax_id, parsed(Person, await raw_body(request)))
    return answer(provider.find_person(tax_id))


async def return_payout(request: Request) -> Response:
    """Let the bank send a payout back."""
    provider = context_of(request).provider
    with provider.books.transaction():
        return answer(provider.change(request.path_params["object_id"], "returned", "returned_by_bank"))


async def annul_cheque(request: Request) -> Response:
    """Let the self-employed person annul the receipt of a payout."""
    provider = context_of(request).provider
    with provider.books.transaction():
        return answer(provider.annul_cheque(request.path_params["object_id"]))


async def books(request: Request) -> Response:
    """Tell whether the movements of money are those that the states of all objects demand."""
    return answer({"hold": context_of(request).provider.books_hold()})


ROUTES = [
    Route("/control/clock", guarded(clock), methods=["GET", "POST"]),
    Route("/control/faults", guarded(faults), methods=["GET", "POST", "DELETE"]),
    Route("/control/faults/seed", guarded(seed), methods=["POST"]),
    Route("/control/webhook-secrets", guarded(webhook_secrets), methods=["GET", "POST", "DELETE"]),
    Route("/control/webhooks", guarded(webhooks), methods=["GET", "POST"]),
    Route("/control/self-employed/{tax_id}", guarded(person), methods=["PUT"]),
    Route("/control/payouts/{object_id}/return", guarded(return_payout), methods=["POST"]),
    Route("/control/payouts/{object_id}/annul-cheque", guarded(annul_cheque), methods=["POST"]),
    Route("/control/books", guarded(books), methods=["GET"]),
]
