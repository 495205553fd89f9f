"""What can be done with profiles: one verb per function, grouped by who needs it."""

from app.features.profiles.service.facts import (
    customer_facts,
    mark_customers,
    store_facts,
    take_stale_customers,
)

__all__ = [
    "customer_facts",
    "mark_customers",
    "store_facts",
    "take_stale_customers",
]
