"""The demonstration accounts and their public password; imports little because every start needs it."""

import json

from app.local.servers.layout import ROOT

DATA = ROOT / "app" / "data" / "demo.json"
PASSWORD = "pony-demo-2026"  # noqa: S105 - of demonstration accounts only, and printed on the first start


def demo_usernames() -> list[str]:
    """Return the user names of the demonstration accounts."""
    return [person["username"] for person in json.loads(DATA.read_bytes())["people"]]


def demo_account_lines() -> list[str]:
    """Return what is printed about the demonstration accounts, by line."""
    return [f"password of each: {PASSWORD}", ", ".join(demo_usernames())]
