"""Nothing of a request is read while a transaction is open, and a function with a transaction opens no other."""

import ast
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant

from app.core.http.dependencies import open_read_session, open_uow, parse_form
from app.core.http.openapi import AuthRequirement, proof_of
from tests.architecture.calls import Function, calls_in, source_of
from tests.surface_coverage import all_routes

BODY = {"form", "body", "stream", "json", "receive"}
REQUESTS = {"request", "connection", "websocket"}
SESSIONS = {"sessions", "read_sessions"}
TRANSACTIONS = ("Uow", "UnitOfWork", "ReadSession", "AsyncSession")

STORES = "app.features.files.dependencies.files_of_form"
"""The dependency that stores the files of a form."""

ROUTES = all_routes()


def reads_body(call: ast.Call) -> bool:
    """Tell whether a call reads the body of a request."""
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in BODY
        and ast.unparse(function.value).rpartition(".")[2] in REQUESTS
    )


def opens(call: ast.Call) -> bool:
    """Tell whether a call opens a unit of work or a session."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr in SESSIONS
    return isinstance(function, ast.Name) and function.id == "unit_of_work"


def those_that(test: Any) -> dict[str, str]:
    """Return the functions that make such a call, directly or indirectly, each with the next function on the path."""
    direct = {name for name, function in source_of().functions.items() if any(map(test, calls_in(function)))}
    return source_of().reaching(direct)


# Computed by the first test that needs them: every process of a test run collects this file, and one runs it.
@cache
def readers() -> dict[str, str]:
    """Return the functions that read the body of a request."""
    return those_that(reads_body)


@cache
def openers() -> dict[str, str]:
    """Return the functions that open a transaction."""
    return {name: way for name, way in those_that(opens).items() if name != "app.core.unit_of_work.unit_of_work"}


def way(name: str, found: dict[str, str]) -> str:
    """Return the path from a function to the forbidden call."""
    steps = [name]
    while found[steps[-1]]:
        steps.append(found[steps[-1]])
    return " -> ".join(steps)


def has_transaction(function: Function) -> bool:
    """Tell whether a function has a unit of work or a session as parameter."""
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    annotated = [ast.unparse(item.annotation) for item in arguments if item.annotation]
    return any(text.split(" |")[0] in TRANSACTIONS for text in annotated)


@cache
def given() -> list[str]:
    """Return the functions that receive a transaction."""
    return sorted(name for name, function in source_of().functions.items() if has_transaction(function))


def opened_blocks(function: Function) -> Iterator[ast.AsyncWith]:
    """Yield the blocks of a function in which a transaction is open."""
    for node in ast.walk(function):
        if isinstance(node, ast.AsyncWith):
            first = node.items[0].context_expr
            if isinstance(first, ast.Call) and opens(first):
                yield node


def resolved(dependant: Dependant) -> list[Any]:
    """Return the dependencies of a route in the order in which FastAPI resolves them, each once."""
    found: list[Any] = []
    for below in dependant.dependencies:
        found += [call for call in (*resolved(below), below.call) if call not in found]
    return found


def named(call: Any) -> str:
    """Return the name of the function that a dependency is or was created by."""
    return f"{call.__module__}.{call.__qualname__.partition('.<locals>')[0]}"


def test_there_is_something_to_check() -> None:
    assert len(given()) > 300
    assert {"app.core.http.dependencies.parse_form", "app.core.security.csrf.guard_request"} <= set(readers())
    assert {"app.features.files.workflows.store_uploads", "app.features.authentication.dependencies.find_view"} <= set(
        openers()
    )
    assert sum(1 for function in source_of().functions.values() for _block in opened_blocks(function)) > 50


def test_nothing_with_a_transaction_reads_the_body() -> None:
    assert [way(name, readers()) for name in given() if name in readers()] == []


def test_nothing_with_a_transaction_opens_another() -> None:
    assert [way(name, openers()) for name in given() if name in openers()] == []


def test_within_a_transaction_nothing_opens_another_or_reads_the_body() -> None:
    wrong: list[str] = []
    for name, function in source_of().functions.items():
        for block in opened_blocks(function):
            for call in (call for statement in block.body for call in calls_in(statement)):
                target = source_of().target(name, call) or ""
                if opens(call) or reads_body(call) or target in openers() or target in readers():
                    wrong.append(f"{name}:{call.lineno} {ast.unparse(call.func)}")
    assert wrong == []


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_dependencies_read_the_body_behind_the_sign_in_and_before_the_transaction(route: str) -> None:
    order = resolved(ROUTES[route].dependant)
    transactions = [place for place, call in enumerate(order) if call in {open_uow, open_read_session}]
    assert len(transactions) <= 1, "one unit of work or one session"
    reading = [place for place, call in enumerate(order) if named(call) in readers()]
    opening = [
        place
        for place, call in enumerate(order)
        if named(call) in openers() and call not in {open_uow, open_read_session}
    ]
    signed_in = [place for place, call in enumerate(order) if proof_of(call) is AuthRequirement.SESSION]
    for place in transactions:
        assert all(before < place for before in (*reading, *opening)), [named(call) for call in order]
    if signed_in:
        assert all(place > signed_in[0] for place in reading), [named(call) for call in order]


def test_what_a_form_is_for_is_looked_up_before_its_files_are_stored() -> None:
    """A form that is refused because of its address must leave no file behind."""
    looking_up = source_of().reaching({"app.features.files.dependencies.look_up_before_storing"})
    orders = {route: [named(call) for call in resolved(item.dependant)] for route, item in ROUTES.items()}
    storing = {route: order.index(STORES) for route, order in orders.items() if STORES in order and "{" in route}
    assert len(storing) >= 6
    wrong = [route for route, place in storing.items() if not looking_up.keys() & set(orders[route][:place])]
    assert wrong == []


def test_forms_are_read_by_one_dependency() -> None:
    having = [route for route in ROUTES.values() if parse_form in resolved(route.dependant)]
    assert len(having) > 30
