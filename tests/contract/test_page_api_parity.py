"""Pages can do nothing that the API cannot (N10): each form of a page with the routes that do the same."""

import pytest

from tests.surface_coverage import all_routes

AUTH, ORDER, ITEM = "/api/v1/auth", "/api/v1/orders/{order_id:uuid}", "/api/v1/profiles/me/portfolio/{item_id:uuid}"
PROPOSAL, OFFER = "/api/v1/proposals/{proposal_id:uuid}", "/api/v1/offers/{offer_id:uuid}"
SEARCH, TEMPLATE = "/api/v1/saved-searches/{search_id:uuid}", "/api/v1/order-templates/{template_id:uuid}"
COVER_LETTER_TEMPLATE = "/api/v1/letter-templates/{letter_id:uuid}"
CONVERSATION = "/api/v1/conversations/{conversation_id:uuid}"
CONTRACT, MILESTONE = "/api/v1/contracts/{contract_id:uuid}", "/api/v1/milestones/{milestone_id:uuid}"
CORRECTION = "/api/v1/finance/corrections/{correction_id:uuid}"
WITHDRAWAL = "/api/v1/finance/withdrawals/{withdrawal_id:uuid}"
PAYMENT = "/api/v1/payments/{payment_id:uuid}"
DIRECT_DEAL = "/api/v1/direct-deals/{deal_id:uuid}"
CHANGE_ORDER = "/api/v1/change-orders/{change_order_id:uuid}"
PAIRS: dict[str, tuple[str, ...]] = {
    "POST /contracts/{contract_id}/change": (f"POST {CONTRACT}/change-orders",),
    "POST /contracts/{contract_id}/changes/{change_order_id}/{answer}": (
        f"POST {CHANGE_ORDER}/answer", f"POST {CHANGE_ORDER}/withdraw",
    ),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/forms/{form}": (
        f"POST {MILESTONE}/accept", f"POST {MILESTONE}/ask-refund", f"POST {MILESTONE}/bonus",
        f"POST {MILESTONE}/request-changes",
    ),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/pay": (f"POST {MILESTONE}/pay",),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/submit": (f"POST {MILESTONE}/submit",),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/{step}": (
        f"POST {MILESTONE}/accept", f"POST {MILESTONE}/answer-refund", f"POST {MILESTONE}/fund",
        f"POST {MILESTONE}/return-money", f"POST {MILESTONE}/start", f"POST {MILESTONE}/withdraw-refund",
    ),
    "POST /contracts/{contract_id}/{step}": (
        f"POST {CONTRACT}/end", f"POST {CONTRACT}/pause", f"POST {CONTRACT}/resume",
    ),
    "POST /@{username}/{step}": (
        "PUT /api/v1/favourites/{username}", "DELETE /api/v1/favourites/{username}",
        "PUT /api/v1/hidden-customers/{username}", "DELETE /api/v1/hidden-customers/{username}",
    ),
    "POST /confirm-email": (f"POST {AUTH}/confirm-email",),
    "POST /confirm-email/resend": (f"POST {AUTH}/confirm-email/resend",),
    "POST /confirm-phone": (f"POST {AUTH}/confirm-phone",),
    "POST /confirm-phone/resend": (f"POST {AUTH}/confirm-phone/resend",),
    "POST /deals/new": ("POST /api/v1/direct-deals",),
    "POST /deals/{deal_id}/accept": (f"POST {DIRECT_DEAL}/accept",),
    "POST /deals/{deal_id}/counter": (f"POST {DIRECT_DEAL}/counter",),
    "POST /deals/{deal_id}/decline": (f"POST {DIRECT_DEAL}/decline",),
    "POST /deals/{deal_id}/{step}": (f"POST {DIRECT_DEAL}/withdraw", f"POST {DIRECT_DEAL}/link"),
    "POST /demo/clock": ("POST /api/v1/clock",),
    "POST /finance/corrections/new": ("POST /api/v1/finance/corrections",),
    "POST /finance/corrections/{correction_id}/approve": (f"POST {CORRECTION}/approve",),
    "POST /finance/corrections/{correction_id}/refuse": (f"POST {CORRECTION}/refuse",),
    "POST /invitations/{invitation_id}/decline": ("POST /api/v1/invitations/{invitation_id:uuid}/decline",),
    "POST /messages/{conversation_id}": (f"POST {CONVERSATION}/messages",),
    "POST /messages/{conversation_id}/read": (f"POST {CONVERSATION}/read",),
    "POST /my/letters/new": ("POST /api/v1/letter-templates",),
    "POST /my/letters/{letter_id}": (f"PUT {COVER_LETTER_TEMPLATE}",),
    "POST /my/letters/{letter_id}/delete": (f"DELETE {COVER_LETTER_TEMPLATE}",),
    "POST /my/order-templates/{template_id}/delete": (f"DELETE {TEMPLATE}",),
    "POST /my/order-templates/{template_id}/rename": (f"PATCH {TEMPLATE}",),
    "POST /my/order-templates/{template_id}/use": (f"POST {TEMPLATE}/use",),
    "POST /my/reports/{report_id}/objection": ("POST /api/v1/reports/{report_id:uuid}/objection",),
    "POST /my/searches/new": ("POST /api/v1/saved-searches",),
    "POST /my/searches/settings": ("PATCH /api/v1/saved-searches/settings",),
    "POST /my/searches/{search_id:uuid}/delete": (f"DELETE {SEARCH}",),
    "POST /my/searches/{search_id:uuid}/edit": (f"PATCH {SEARCH}",),
    "POST /my/searches/{search_id:uuid}/open": (f"POST {SEARCH}/run",),
    "POST /notifications/read-all": ("POST /api/v1/notifications/read-all",),
    "POST /notifications/{notice_id}/open": ("POST /api/v1/notifications/{notice_id:uuid}/read",),
    "POST /offers/{offer_id}/accept": (f"POST {OFFER}/accept",),
    "POST /offers/{offer_id}/counter": (f"POST {OFFER}/counter",),
    "POST /offers/{offer_id}/decline": (f"POST {OFFER}/decline",),
    "POST /offers/{offer_id}/withdraw": (f"POST {OFFER}/withdraw",),
    "POST /orders/new": ("POST /api/v1/orders", f"POST {ORDER}/publish"),
    "POST /orders/{order_id}/close": (f"POST {ORDER}/close",),
    "POST /orders/{order_id}/copy": (f"POST {ORDER}/copy",),
    "POST /orders/{order_id}/decline": (f"POST {ORDER}/proposals/decline",),
    "POST /orders/{order_id}/edit": (f"PATCH {ORDER}",),
    "POST /orders/{order_id}/invitations": (f"POST {ORDER}/invitations",),
    "POST /orders/{order_id}/pause": (f"POST {ORDER}/pause",),
    "POST /orders/{order_id}/proposals": (f"POST {ORDER}/proposals",),
    "POST /orders/{order_id}/publish": (f"POST {ORDER}/publish",),
    "POST /orders/{order_id}/renew": (f"POST {ORDER}/renew",),
    "POST /orders/{order_id}/resume": (f"POST {ORDER}/resume",),
    "POST /orders/{order_id}/seen": (f"POST {ORDER}/proposals/seen",),
    "POST /orders/{order_id}/share-key": (f"POST {ORDER}/share-key",),
    "POST /orders/{order_id}/template": (f"POST {ORDER}/template",),
    "POST /password-strength": (f"POST {AUTH}/password-strength",),
    "POST /proposals/{proposal_id}/accept": (f"POST {PROPOSAL}/accept",),
    "POST /proposals/{proposal_id}/decline": (f"POST {PROPOSAL}/decline",),
    "POST /proposals/{proposal_id}/edit": (f"PATCH {PROPOSAL}",),
    "POST /proposals/{proposal_id}/messages": (f"POST {PROPOSAL}/messages",),
    "POST /proposals/{proposal_id}/note": (f"PUT {PROPOSAL}/note",),
    "POST /proposals/{proposal_id}/offer": (f"POST {PROPOSAL}/offers",),
    "POST /proposals/{proposal_id}/shortlist": (f"PUT {PROPOSAL}/shortlist",),
    "POST /proposals/{proposal_id}/unlist": (f"DELETE {PROPOSAL}/shortlist",),
    "POST /proposals/{proposal_id}/withdraw": (f"POST {PROPOSAL}/withdraw",),
    "POST /report/{kind}/{thing_id}": ("POST /api/v1/reports",),
    "POST /reset": (f"POST {AUTH}/password/reset",),
    "POST /reset/confirm": (f"POST {AUTH}/password/reset/confirm",),
    "POST /settings/devices/end": (
        f"DELETE {AUTH}/sessions/{{session_id:uuid}}", f"POST {AUTH}/sessions/end-others",
    ),
    "POST /settings/files/{file_id}/remove": ("DELETE /api/v1/files/{file_id:uuid}",),
    "POST /settings/legal": ("PUT /api/v1/profiles/me/legal-status",),
    "POST /papers/{paper_id}/sign": ("POST /api/v1/papers/{paper_id:uuid}/sign",),
    "POST /papers/{paper_id}/sign-code": ("POST /api/v1/papers/{paper_id:uuid}/sign-code",),
    "POST /settings/photo": ("POST /api/v1/files", "PUT /api/v1/profiles/me/photo"),
    "POST /settings/photo/part": ("PATCH /api/v1/profiles/me/photo",),
    "POST /settings/photo/remove": ("DELETE /api/v1/profiles/me/photo",),
    "POST /settings/portfolio/new": ("POST /api/v1/profiles/me/portfolio",),
    "POST /settings/portfolio/{item_id}": (f"PUT {ITEM}",),
    "POST /settings/portfolio/{item_id}/move": (f"POST {ITEM}/move",),
    "POST /settings/portfolio/{item_id}/remove": (f"DELETE {ITEM}",),
    "POST /settings/profile": (f"PATCH {AUTH}/me",),
    "POST /settings/public-profile": ("PATCH /api/v1/profiles/me",),
    "POST /settings/security/close": (f"POST {AUTH}/reauthenticate", f"POST {AUTH}/deactivate"),
    "POST /settings/security/email": (f"POST {AUTH}/reauthenticate", f"POST {AUTH}/email"),
    "POST /settings/security/password": (f"POST {AUTH}/password",),
    "POST /settings/security/phone": (f"POST {AUTH}/reauthenticate", f"POST {AUTH}/phone"),
    "POST /sign-in": (f"POST {AUTH}/login",),
    "POST /sign-out": (f"POST {AUTH}/logout",),
    "POST /sign-up": (f"POST {AUTH}/register",),
    "POST /stuck-money/{case_id}/close": ("POST /api/v1/reconciliation-cases/{case_id:uuid}/close",),
    "POST /wallet/payments/{payment_id}/cancel": (f"POST {PAYMENT}/cancel",),
    "POST /wallet/payments/{payment_id}/refund": (f"POST {PAYMENT}/refunds",),
    "POST /wallet/top-up": ("POST /api/v1/payments",),
    "POST /wallet/unlock": (f"POST {AUTH}/reauthenticate",),
    "POST /finance/withdrawals/{withdrawal_id}/approve": (f"POST {WITHDRAWAL}/approve",),
    "POST /finance/withdrawals/{withdrawal_id}/refuse": (f"POST {WITHDRAWAL}/refuse",),
    "POST /wallet/withdrawals/{payout_id}/cancel": ("POST /api/v1/withdrawals/{withdrawal_id:uuid}/cancel",),
    "POST /wallet/withdraw": ("POST /api/v1/payouts",),
}  # fmt: skip
OF_PAGES_ALONE = {
    "POST /preferences": "keeps language and theme of one browser; a program names its language in Accept-Language",
    "POST /webhooks/payments/{provider}": "the payment provider sends it: it is the API",
    "POST /unsubscribe/{token}": "mail programs send it themselves (RFC 8058): it is the API",
}
ROUTES = all_routes()
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def test_every_form_of_a_page_has_its_route_for_programs() -> None:
    forms = {name for name in ROUTES if not name.split()[1].startswith("/api/") and name.split()[0] in CHANGING}
    assert forms == set(PAIRS) | set(OF_PAGES_ALONE)
    assert all(OF_PAGES_ALONE.values())


@pytest.mark.parametrize("form", PAIRS)
def test_a_program_does_it_by_routes_that_exist(form: str) -> None:
    assert PAIRS[form]
    assert set(PAIRS[form]) <= set(ROUTES)
