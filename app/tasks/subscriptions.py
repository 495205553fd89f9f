"""Who listens to what: the whole reaction graph on one page."""

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {}
"""Topic → the tasks that react to it."""

SILENT: frozenset[str] = frozenset()
"""Topics that nobody listens to yet, on purpose."""
