"""Entry points: routes, tasks, events and errors are complete, guarded and named."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant

from app.core.errors import DomainError
from app.core.http.dependencies import open_uow
from app.core.messaging.celery import celery_app
from app.core.security.csrf import is_authenticated_by_link
from app.tasks.config_tasks import import_tasks
from app.tasks.subscriptions import EVENTS_WITHOUT_LISTENERS, SUBSCRIPTIONS
from tests.architecture.test_vocabulary import snake_case
from tests.surface_coverage import all_routes, events, subclasses

ROOT = Path(__file__).resolve().parents[2]
SAFE = {"GET", "HEAD", "OPTIONS"}
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TOPIC = re.compile(r"[a-z]+\.[a-z_]+")
# Events that were renamed; their topics stay (docs/decisions/0019-stored-names-of-events.md).
RENAMED_EVENTS = {
    "MessageSent": "chat.message_written",
    "OfferExpiring": "proposals.offer_ending",
    "OrderExpiring": "orders.order_ending",
    "OrderModerated": "orders.order_checked",
    "ReportAppealed": "reports.report_objected",
    "SearchAlertDue": "matching.orders_found",
}

# Routes for everybody, signed in or not, each with its reason. All others take a dependency that identifies the actor.
PUBLIC: dict[str, str] = {
    "GET /": "the landing page",
    "GET /design": "shows the widgets, no data",
    "GET /amount": "how a typed amount is read, no data",
    "GET /demo/clock": "the time of a demonstration; only turning it needs a sign-in",
    "GET /api/v1/clock": "the time of a demonstration; only turning it needs a sign-in",
    "GET /transparency": "checkpoints of the ledger, no data of anybody",
    "GET /transparency/verify": "a form whose files stay in the browser",
    "GET /transparency/checkpoints/{size}": "checkpoints of the ledger, no data of anybody",
    "GET /transparency/solvency/{night}": "totals of all people, no data of anybody",
    "GET /api/v1/transparency/solvency": "totals of all people, no data of anybody",
    "GET /api/v1/transparency/solvency/{night}": "totals of all people, no data of anybody",
    "GET /api/v1/transparency/checkpoints": "checkpoints of the ledger, no data of anybody",
    "GET /api/v1/transparency/checkpoints/{size}": "checkpoints of the ledger, no data of anybody",
    "GET /api/v1/transparency/consistency": "proofs between checkpoints, no data of anybody",
    "GET /fees": "what the site takes, no data of anybody",
    "GET /api/v1/fees": "what the site takes, no data of anybody",
    "GET /api/v1/categories": "the catalogue is public",
    "GET /api/v1/skills": "the catalogue is public",
    "GET /api/v1/catalogue/suggestions": "the catalogue is public",
    "GET /api/v1/legal-forms/{country}": "what forms ask for, no data of anybody",
    "GET /api/v1/orders/did-you-mean": "words of public orders",
    "GET /api/v1/freelancers/did-you-mean": "words of listed freelancers",
    "GET /ranking": "a formula that everybody may read",
    "GET /api/v1/state-machines": "how things live here is public",
    "GET /api/v1/state-machines/{name}": "how things live here is public",
    "GET /api/v1/customers/facts": "counts that stand beside public orders, no contact",
    "GET /@{username}/card.png": "what every guest sees of a person, as a picture",
    "GET /orders/{order_id}/card.png": "a public order as a picture",
    "GET /orders.atom": "the list as a feed, for programs that know no accounts",
    "GET /unsubscribe/{token}": "the link is the proof; whoever reads a mail need not be signed in",
    "POST /unsubscribe/{token}": "the same; mail programs ask it themselves",
    "GET /demo/mail": "a trial instance's caught mail; absent in production and where a mail server is configured",
    "GET /demo/mail/{name}": "the same",
    "GET /reset": "whoever forgot the password is not signed in",
    "GET /reset/confirm": "the link is the proof",
    "GET /settings": "leads to a guarded page",
    "GET /docs": "describes the API, no data",
    "GET /files/{file_id:uuid}": "the signed link is the proof",
    "GET /files/{file_id:uuid}/preview": "the signed link is the proof",
    "GET /favicon.ico": "a picture",
    "GET /manifest.webmanifest": "the name and pictures of the site",
    "GET /robots.txt": "for search engines",
    "POST /preferences": "a guest chooses language and theme too; it sets two cookies",
}
# Routes that change nothing in PostgreSQL although their method is not safe, each with its reason.
NO_TRANSACTION: dict[str, str] = {
    "POST /preferences": "two cookies",
    "POST /api/v1/auth/password-strength": "an estimate",
    "POST /password-strength": "an estimate",
    "POST /api/v1/auth/refresh": "its dependency runs the workflow, because pages renew on the way with it too",
}


# Routes that accept a form from other sites, without a CSRF token, each with its reason.
PROVEN_BY_LINK: dict[str, str] = {
    "POST /unsubscribe/{token}": "a mail program sends it for its reader (RFC 8058); the link is signed",
}


ALL_ROUTES = all_routes()


def calls(dependant: Dependant) -> set[Any]:
    """Return every callable that a route depends on, at any depth."""
    found = {dependant.call}
    for below in dependant.dependencies:
        found |= calls(below)
    return found


def is_access(call: Any) -> bool:
    """Tell whether a dependency belongs to `identity` or `authentication`."""
    return getattr(call, "__module__", "").startswith("app.features.") and call.__module__.endswith(".dependencies")


def test_routes_are_found() -> None:
    assert len(ALL_ROUTES) > 20


@pytest.mark.parametrize("route", sorted(ALL_ROUTES))
def test_every_route_is_guarded_or_on_the_public_list(route: str) -> None:
    guarded = any(is_access(call) for call in calls(ALL_ROUTES[route].dependant))
    assert guarded != (route in PUBLIC), f"{route}: {'is guarded now' if guarded else 'ask who acts'}"


def runs_workflow(endpoint: Any) -> bool:
    """Tell whether a route leaves its transactions to a workflow."""
    return "workflows" in endpoint.__code__.co_names


@pytest.mark.parametrize("route", sorted(item for item in ALL_ROUTES if item.split()[0] not in SAFE))
def test_every_changing_route_has_one_transaction_or_one_workflow(route: str) -> None:
    has = open_uow in calls(ALL_ROUTES[route].dependant)
    works = runs_workflow(ALL_ROUTES[route].endpoint)
    assert not (has and works), f"{route}: a workflow opens its transactions itself, so take no Uow"
    assert (has or works) != (route in NO_TRANSACTION), f"{route}: take Uow or call a workflow, or say why not"


def test_the_lists_are_not_stale() -> None:
    assert set(PUBLIC) | set(NO_TRANSACTION) <= set(ALL_ROUTES)


def test_a_form_from_anywhere_is_taken_only_where_a_link_is_the_proof() -> None:
    assert {name for name, route in ALL_ROUTES.items() if is_authenticated_by_link(route.endpoint)} == set(
        PROVEN_BY_LINK
    )


def own_tasks() -> dict[str, Any]:
    """Return the tasks of the application."""
    import_tasks()
    return {name: task for name, task in celery_app.tasks.items() if not name.startswith(("celery.", "tests."))}


def test_every_task_is_called_by_somebody_and_ends() -> None:
    tasks = own_tasks()
    assert tasks
    scheduled = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}
    heard = {name for names in SUBSCRIPTIONS.values() for name in names}
    assert set(tasks) == scheduled | heard
    limits = {name: task.time_limit or celery_app.conf.task_time_limit for name, task in tasks.items()}
    assert all(limits.values())


def test_every_event_has_a_listener_or_a_reason() -> None:
    topics = {event.topic for event in events()}
    assert topics
    assert all(TOPIC.fullmatch(topic) for topic in topics)
    assert len(topics) == len(events())
    assert set(SUBSCRIPTIONS) | set(EVENTS_WITHOUT_LISTENERS) == topics
    assert not set(SUBSCRIPTIONS) & set(EVENTS_WITHOUT_LISTENERS)


def test_topics_are_named_after_their_events() -> None:
    topics = {event.__name__: event.topic for event in events()}
    renamed = {name: topic for name, topic in topics.items() if topic.partition(".")[2] != snake_case(name)}
    assert renamed == RENAMED_EVENTS


def test_error_codes_are_one_of_a_kind() -> None:
    codes = [error.code for error in subclasses(DomainError) if "code" in vars(error)]
    assert sorted(codes) == sorted(set(codes))
    assert all(CODE.fullmatch(code) for code in codes)


def test_error_codes_are_documented() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert {error.code for error in subclasses(DomainError)} <= set(re.findall(r"`([a-z0-9-]+)`", text))
