"""Server-rendered pages against the JSON of the same data."""

from bench.bare_statements import Judged, compare_with_statements
from bench.environment import call
from bench.load import Target, compare
from bench.report import Section, at_least, figures
from bench.run import Run

HTML = {"Accept": "text/html", "Accept-Language": "ru"}


def measure(run: Run) -> list[Section]:
    """Compare with 32 connections; time to first byte with one."""
    with run.world.iplance() as web:
        listed, _ = call(web.port, "/api/v1/orders", None)
        assert listed is not None
        ids = [item["id"] for item in listed["items"]]
        json_pages = tuple(f"/api/v1/orders/{key}" for key in ids)
        html_pages = tuple(f"/orders/{key}" for key in ids)
        targets = [
            Target("order as JSON", web.port, json_pages, {}, web.pid),
            Target("order as page", web.port, html_pages, HTML, web.pid),
            Target("list as JSON", web.port, ("/api/v1/orders",), {}, web.pid),
            Target("list as page", web.port, ("/orders",), HTML, web.pid),
        ]
        found = compare(targets, rounds=run.rounds, seconds=run.seconds)
        judged = [
            Judged("order as page", html_pages, HTML, "order page, first byte p50", 3, 15, "first_p50"),
            Judged("list as page", ("/orders",), HTML, "list page, first byte p50", 3, 15, "first_p50"),
        ]
        single, _unloaded = compare_with_statements(run, web, "Server-rendered pages, one connection", judged)
    loaded = figures("Server-rendered pages", found, how=run.how())
    order_json, order_page, list_json, list_page = found
    loaded.goals = [
        at_least("order page against its JSON", order_page.against(order_json), 0.5, clean=not order_page.bad),
        at_least("list page against its JSON", list_page.against(list_json), 0.5, clean=not list_page.bad),
    ]
    return [loaded, single]
