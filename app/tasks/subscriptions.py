"""Who listens to what: the whole reaction graph on one page."""

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {}
