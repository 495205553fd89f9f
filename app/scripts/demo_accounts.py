"""The accounts of the demonstration world as the terminal tells them; every start needs them, so it imports little."""

import json

from app.local.embedded.layout import ROOT

DATA = ROOT / "app" / "data" / "demo.json"
PASSWORD = "pony-demo-2026"  # noqa: S105 - of people that exist in demonstrations only, and shown on the first start


def accounts_told() -> list[str]:
    """The demonstration accounts, one line each."""
    people = ", ".join(person["username"] for person in json.loads(DATA.read_bytes())["people"])
    return [f"password of each: {PASSWORD}", people]
