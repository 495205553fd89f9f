"""Use cases of notifications and outgoing e-mails."""

from app.features.notifications.service.commands import (
    SEND_TASK,
    mail_challenge,
    mail_only,
    notify,
    notify_elsewhere,
    notify_of_message,
    notify_undecided_freelancers,
)
from app.features.notifications.service.mail_delivery import (
    Draft,
    SendFailure,
    claim_mail,
    dead_mails,
    mail_counts,
    mail_lag,
    mark_failed,
    mark_sent,
    retry_mail,
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
    "SendFailure",
    "claim_mail",
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
    "notify_of_message",
    "notify_undecided_freelancers",
    "prune",
    "retry_mail",
    "unread_notices",
]
