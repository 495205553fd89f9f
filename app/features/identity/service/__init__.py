"""The use cases of accounts; other features enter here."""

from app.features.identity.service.contacts import (
    answer_email,
    answer_phone,
    ask_email_change,
    ask_phone_change,
    resend_email,
    resend_phone,
)
from app.features.identity.service.limiting import daily_limit, standing
from app.features.identity.service.operating import Person, ban, end_every_session, find_named, find_person, lift_ban
from app.features.identity.service.passwords import (
    answer_reset,
    ask_reset,
    draft_password,
    judge_password,
    prepare_reset,
    replace_password,
    words_of_link,
)
from app.features.identity.service.reading import (
    Letter,
    contact_of,
    find_actor,
    letter_for,
    pending_changes,
    text_code,
    usernames,
)
from app.features.identity.service.registering import (
    create_account,
    deactivate,
    prepare,
    prune,
    register,
    set_role,
    update_profile,
)

__all__ = [
    "Letter",
    "Person",
    "answer_email",
    "answer_phone",
    "answer_reset",
    "ask_email_change",
    "ask_phone_change",
    "ask_reset",
    "ban",
    "contact_of",
    "create_account",
    "daily_limit",
    "deactivate",
    "draft_password",
    "end_every_session",
    "find_actor",
    "find_named",
    "find_person",
    "judge_password",
    "letter_for",
    "lift_ban",
    "pending_changes",
    "prepare",
    "prepare_reset",
    "prune",
    "register",
    "replace_password",
    "resend_email",
    "resend_phone",
    "set_role",
    "standing",
    "text_code",
    "update_profile",
    "usernames",
    "words_of_link",
]
