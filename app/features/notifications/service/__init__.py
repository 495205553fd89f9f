"""The verbs of notices and mails."""

from app.features.notifications.service.commands import (
    SEND_TASK,
    mail_challenge,
    mail_only,
    notify,
    notify_elsewhere,
    tell_concerned,
    tell_of_message,
)
from app.features.notifications.service.mail_delivery import (
    Draft,
    Trouble,
    claim_draft,
    dead_mails,
    mail_counts,
    mail_lag,
    mark_failed,
    mark_sent,
    send_again,
)
from app.features.notifications.service.queries import (
    count_unread,
    list_notices,
    mark_all_read,
    mark_messages_read,
    mark_read,
    prune,
    unread_notices,
)

__all__ = [
    "SEND_TASK",
    "Draft",
    "Trouble",
    "claim_draft",
    "count_unread",
    "dead_mails",
    "list_notices",
    "mail_challenge",
    "mail_counts",
    "mail_lag",
    "mail_only",
    "mark_all_read",
    "mark_failed",
    "mark_messages_read",
    "mark_read",
    "mark_sent",
    "notify",
    "notify_elsewhere",
    "prune",
    "send_again",
    "tell_concerned",
    "tell_of_message",
    "unread_notices",
]
