"""Use cases of accounts."""

from app.features.identity.service.contacts import (
    complete_email_confirmation,
    complete_phone_confirmation,
    request_email_change,
    request_phone_change,
    resend_email,
    resend_phone,
)
from app.features.identity.service.daily_limits import daily_limit
from app.features.identity.service.new_emails import refuse_unreachable_mailbox
from app.features.identity.service.operator_commands import (
    Person,
    ban,
    create_administrator,
    end_all_sessions,
    find_named,
    find_person,
    lift_ban,
    set_role,
)
from app.features.identity.service.passwords import (
    complete_password_reset,
    draft_password,
    prepare_reset,
    rate_password,
    replace_password,
    request_password_reset,
    words_of_link,
)
from app.features.identity.service.queries import (
    ChallengeMessage,
    challenge_message,
    contact_of,
    find_actor,
    pending_changes,
    remember_names,
    send_code_by_sms,
    usernames,
)
from app.features.identity.service.registration import (
    create_account,
    deactivate,
    prepare,
    prune,
    register,
    update_profile,
)

__all__ = [
    "ChallengeMessage",
    "Person",
    "ban",
    "challenge_message",
    "complete_email_confirmation",
    "complete_password_reset",
    "complete_phone_confirmation",
    "contact_of",
    "create_account",
    "create_administrator",
    "daily_limit",
    "deactivate",
    "draft_password",
    "end_all_sessions",
    "find_actor",
    "find_named",
    "find_person",
    "lift_ban",
    "pending_changes",
    "prepare",
    "prepare_reset",
    "prune",
    "rate_password",
    "refuse_unreachable_mailbox",
    "register",
    "remember_names",
    "replace_password",
    "request_email_change",
    "request_password_reset",
    "request_phone_change",
    "resend_email",
    "resend_phone",
    "send_code_by_sms",
    "set_role",
    "update_profile",
    "usernames",
    "words_of_link",
]
