"""Pages of no feature: open to everybody."""

from tests.contract.permissions.table import page

PAGES = [
    page("GET /", 200, 200),
    page("GET /docs", 200, 200),
    page("GET /design", 200, 200),
    page("GET /manifest.webmanifest", 200, 200),
    page("GET /favicon.ico", 302, 302),
    page("GET /robots.txt", 200, 200),
    page("GET /amount", 200, 200),
    page("POST /preferences", 303, 303, body={"theme": "dark"}),
]
