"""How many database statements a request may send, and which routes may send more, each with its reason."""

LIMITS = {"page read": 8, "JSON read": 4, "page write": 10, "JSON write": 10}
SIGN_IN = frozenset(
    {
        "POST /api/v1/auth/confirm-email",
        "POST /api/v1/auth/confirm-phone",
        "POST /api/v1/auth/deactivate",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/password",
        "POST /api/v1/auth/password/reset",
        "POST /api/v1/auth/password/reset/confirm",
        "POST /api/v1/auth/reauthenticate",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/register",
        "POST /reset",
        "POST /reset/confirm",
        "POST /settings/security/close",
        "POST /settings/security/email",
        "POST /settings/security/password",
        "POST /settings/security/phone",
        "POST /sign-in",
        "POST /sign-out",
        "POST /sign-up",
    }
)
"""Routes that start, refresh, confirm or end sessions: short transactions around a slow hash. They have no limit.
"""
READ = "lists with names, files and counts of several features, each of which reads its own; not joined yet"
WRITE = "locks an order, a proposal and what belongs to them one after another, then reads what it answers"
FORM = "a form: a savepoint for what is refused, files in transactions of their own, and the page again with faults"
EXCEPTIONS: dict[str, tuple[int, str]] = {
    "POST /api/v1/proposals/{proposal_id:uuid}/offers": (12, WRITE),
    "POST /api/v1/offers/{offer_id:uuid}/counter": (12, WRITE),
    "POST /api/v1/offers/{offer_id:uuid}/accept": (14, WRITE),
    "GET /api/v1/orders": (8, READ),
    "GET /api/v1/orders/facets": (5, READ),
    "GET /api/v1/orders/{order_id}/recommended-freelancers": (9, READ),
    "GET /api/v1/recommendations/orders": (6, READ),
    "GET /offers/{offer_id}": (9, READ),
    "GET /orders": (17, READ),
    "GET /orders/{order_id}/people": (10, READ),
    "PATCH /api/v1/orders/{order_id:uuid}": (12, WRITE),
    "PATCH /api/v1/proposals/{proposal_id:uuid}": (11, WRITE),
    "POST /api/v1/orders/{order_id:uuid}/invitations": (11, WRITE),
    "POST /api/v1/orders/{order_id:uuid}/proposals": (19, WRITE),
    "POST /api/v1/proposals/{proposal_id:uuid}/accept": (17, WRITE),
    "POST /offers/{offer_id}/accept": (15, FORM),
    "POST /offers/{offer_id}/counter": (15, FORM),
    "POST /offers/{offer_id}/decline": (11, FORM),
    "POST /offers/{offer_id}/withdraw": (11, FORM),
    "POST /orders/new": (24, FORM),
    "POST /orders/{order_id}/edit": (19, FORM),
    "POST /orders/{order_id}/invitations": (13, FORM),
    "POST /orders/{order_id}/proposals": (35, FORM),
    "POST /proposals/{proposal_id}/accept": (16, FORM),
    "POST /proposals/{proposal_id}/edit": (16, FORM),
    "POST /proposals/{proposal_id}/offer": (15, FORM),
}
"""Routes with a limit of their own; the lists of this file may only get shorter."""
AGAIN = "a use case reads what its route has read; not passed on yet"
REPEATED: dict[str, str] = {
    "POST /api/v1/proposals/{proposal_id:uuid}/offers": AGAIN,
    "POST /api/v1/offers/{offer_id:uuid}/withdraw": AGAIN,
    "POST /api/v1/offers/{offer_id:uuid}/decline": AGAIN,
    "POST /api/v1/offers/{offer_id:uuid}/counter": AGAIN,
    "POST /api/v1/offers/{offer_id:uuid}/accept": AGAIN,
    "GET /api/v1/orders": AGAIN,
    "GET /offers/{offer_id}": AGAIN,
    "GET /offers/{offer_id}/counter": AGAIN,
    "GET /orders": AGAIN,
    "GET /orders.atom": AGAIN,
    "GET /orders/{order_id}/compare": AGAIN,
    "GET /orders/{order_id}/decline": AGAIN,
    "GET /orders/{order_id}/invitations": AGAIN,
    "GET /orders/{order_id}/people": AGAIN,
    "GET /proposals/{proposal_id}/history": AGAIN,
    "PATCH /api/v1/orders/{order_id:uuid}": AGAIN,
    "POST /api/v1/orders/{order_id:uuid}/publish": AGAIN,
    "POST /offers/{offer_id}/counter": AGAIN,
    "POST /offers/{offer_id}/decline": AGAIN,
    "POST /orders/new": AGAIN,
    "POST /orders/{order_id}/decline": AGAIN,
    "POST /orders/{order_id}/edit": AGAIN,
    "POST /orders/{order_id}/invitations": AGAIN,
    "POST /orders/{order_id}/proposals": AGAIN,
    "POST /proposals/{proposal_id}/edit": AGAIN,
    "POST /proposals/{proposal_id}/offer": AGAIN,
}
"""Routes that may send one statement twice."""
SEVERAL_TRANSACTIONS: dict[str, str] = {
    "GET /files/{file_id:uuid}": "a file is marked as damaged in a second transaction, after its bytes were read",
}
"""Reads that may use several transactions."""
