"""The demonstration accounts as printed on the terminal; imports little because every start needs it."""

import json

from app.local.servers.layout import ROOT

DATA = ROOT / "app" / "data" / "demo.json"
PASSWORD = "pony-demo-2026"  # noqa: S105 - of demonstration accounts only, and printed on the first start


def demo_account_lines() -> list[str]:
    """The demonstration accounts, one line each."""
    people = ", ".join(person["username"] for person in json.loads(DATA.read_bytes())["people"])
    return [f"password of each: {PASSWORD}", people]
