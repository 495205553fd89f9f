"""Subscriptions: which tasks handle which events."""

from app.features.catalog import tasks as _catalog  # noqa: F401 - its tasks are found by name
from app.features.contracts import tasks as _contracts  # noqa: F401 - its tasks are found by name
from app.features.demonstration import tasks as _demonstration  # noqa: F401 - its tasks are found by name
from app.features.files import tasks as _files  # noqa: F401 - its tasks are found by name
from app.features.finance import tasks as _finance  # noqa: F401 - its tasks are found by name
from app.features.hiring import tasks as _hiring  # noqa: F401 - its tasks are found by name
from app.features.identity import tasks as _identity  # noqa: F401 - its tasks are found by name
from app.features.ledger import tasks as _ledger  # noqa: F401 - its tasks are found by name
from app.features.legal import tasks as _legal  # noqa: F401 - its tasks are found by name
from app.features.matching import tasks as _matching  # noqa: F401 - its tasks are found by name
from app.features.notifications import tasks as _notifications  # noqa: F401 - its tasks are found by name
from app.features.orders import tasks as _orders  # noqa: F401 - its tasks are found by name
from app.features.papers import tasks as _papers  # noqa: F401 - its tasks are found by name
from app.features.payments import tasks as _payments  # noqa: F401 - its tasks are found by name
from app.features.profiles import tasks as _profiles  # noqa: F401 - its tasks are found by name
from app.features.proposals import tasks as _proposals  # noqa: F401 - its tasks are found by name
from app.features.transparency import tasks as _transparency  # noqa: F401 - its tasks are found by name

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "demonstration.clock_turned": ("demonstration.on_clock_turned",),
    "catalog.skills_merged": ("orders.on_skills_merged", "profiles.on_skills_merged", "matching.on_skills_merged"),
    "identity.password_reset_requested": ("identity.on_password_reset_requested",),
    "identity.password_reset_prepared": (
        "notifications.on_password_reset_prepared",
        "identity.on_password_reset_prepared",
    ),
    "identity.phone_confirmation_requested": ("identity.on_phone_confirmation_requested",),
    "identity.email_confirmation_requested": ("notifications.on_email_confirmation_requested",),
    "identity.password_changed": ("notifications.on_password_changed",),
    "identity.email_change_requested": ("notifications.on_email_change_requested",),
    "identity.email_changed": ("notifications.on_email_changed",),
    "identity.phone_changed": ("notifications.on_phone_changed",),
    "papers.sign_code_requested": ("notifications.on_sign_code_requested",),
    "legal.legal_status_changed": ("notifications.on_legal_status_changed",),
    "finance.correction_decided": ("notifications.on_correction_decided",),
    "finance.account_corrected": ("notifications.on_account_corrected",),
    "identity.contact_lost": ("notifications.on_contact_lost",),
    "identity.new_device_signed_in": ("notifications.on_new_device_signed_in",),
    "identity.session_replayed": ("notifications.on_session_replayed",),
    "identity.account_banned": (
        "notifications.on_account_banned",
        "orders.on_account_banned",
        "hiring.on_account_banned",
        "proposals.on_account_banned",
    ),
    "identity.account_unbanned": (
        "notifications.on_account_unbanned",
        "orders.on_account_unbanned",
        "proposals.on_account_unbanned",
    ),
    "identity.account_deactivated": (
        "notifications.on_account_deactivated",
        "legal.on_account_deactivated",
        "orders.on_account_deactivated",
        "hiring.on_account_deactivated",
        "proposals.on_account_deactivated",
    ),
    "orders.order_published": ("matching.note_order_published", "matching.on_order_published"),
    "orders.order_edited": ("notifications.on_order_edited", "matching.on_order_edited"),
    "orders.order_closed": (
        "proposals.on_order_closed",
        "notifications.on_order_closed",
        "matching.note_order_closed",
    ),
    "orders.order_held": ("notifications.on_order_held",),
    "orders.order_released": ("notifications.on_order_released",),
    "orders.invitation_sent": ("notifications.on_invitation_sent",),
    "orders.invitation_declined": ("notifications.on_invitation_declined",),
    "orders.order_ending": ("notifications.on_order_ending",),
    "files.file_refused": ("notifications.on_file_refused",),
    "chat.message_restored": ("notifications.on_message_restored",),
    "chat.message_taken_down": ("notifications.on_message_taken_down",),
    "files.file_restored": ("notifications.on_file_restored",),
    "profiles.profile_restored": ("notifications.on_profile_restored",),
    "profiles.profile_taken_down": ("notifications.on_profile_taken_down",),
    "files.file_taken_down": ("notifications.on_file_taken_down",),
    "orders.order_checked": ("notifications.on_order_checked",),
    "reports.report_closed": ("notifications.on_report_closed",),
    "matching.orders_found": ("notifications.on_orders_found",),
    "proposals.proposal_sent": ("notifications.on_proposal_sent",),
    "proposals.proposal_shortlisted": ("notifications.on_proposal_shortlisted",),
    "proposals.proposal_accepted": ("notifications.on_proposal_accepted", "matching.note_proposal_accepted"),
    "proposals.proposal_declined": ("notifications.on_proposal_declined", "matching.note_proposal_declined"),
    "proposals.proposal_withdrawn": ("notifications.on_proposal_withdrawn",),
    "proposals.offer_made": ("notifications.on_offer_made",),
    "proposals.offer_declined": ("notifications.on_offer_declined",),
    "proposals.offer_withdrawn": ("notifications.on_offer_withdrawn",),
    "proposals.offer_ending": ("notifications.on_offer_ending",),
    "proposals.offer_lapsed": ("notifications.on_offer_lapsed",),
    "contracts.deal_moved": ("notifications.on_deal_moved",),
    "contracts.review_waits": ("notifications.on_review_waits",),
    "hiring.direct_deal_offered": ("notifications.on_direct_deal_offered",),
    "hiring.direct_deal_accepted": ("notifications.on_direct_deal_accepted",),
    "hiring.direct_deal_declined": ("notifications.on_direct_deal_declined",),
    "hiring.direct_deal_withdrawn": ("notifications.on_direct_deal_withdrawn",),
    "hiring.direct_deal_expired": ("notifications.on_direct_deal_expired",),
    "chat.message_written": ("notifications.on_message_written",),
    "payments.payment_received": ("notifications.on_payment_received",),
    "payments.payment_failed": ("notifications.on_payment_failed",),
    "payments.payment_questioned": ("notifications.on_payment_questioned",),
    "payments.payout_paid": ("notifications.on_payout_paid",),
    "payments.payout_failed": ("notifications.on_payout_failed",),
    "payments.payout_returned": ("notifications.on_payout_returned",),
    "payments.cheque_annulled": ("notifications.on_cheque_annulled",),
    "payments.card_refund_paid": ("notifications.on_card_refund_paid",),
    "payments.card_refund_failed": ("notifications.on_card_refund_failed",),
    "payments.withdrawal_waits": ("notifications.on_withdrawal_waits",),
    "payments.withdrawal_approved": ("notifications.on_withdrawal_approved",),
    "payments.withdrawal_given_back": ("notifications.on_withdrawal_given_back",),
    "chat.conversation_seen": ("notifications.on_conversation_seen",),
}
"""Topic → the tasks that handle it."""

EVENTS_WITHOUT_LISTENERS: frozenset[str] = frozenset(
    {
        "files.file_ready",
        "identity.user_registered",
        "orders.order_submitted",
        "reports.report_objected",
        "reports.report_sent",
    }
)
"""Topics without a consumer, on purpose."""
