"""Who listens to what: the whole reaction graph on one page."""

from app.features.identity import tasks as _identity  # noqa: F401 - its tasks are found by name

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "identity.password_reset_requested": ("identity.on_password_reset_requested",),
}
"""Topic → the tasks that react to it."""

SILENT: frozenset[str] = frozenset()
"""Topics that nobody listens to yet, on purpose."""
