"""Use cases of sign-in and sessions."""

from app.features.authentication.repository import SessionView
from app.features.authentication.service.client_info import Caller, record_security_event
from app.features.authentication.service.queries import (
    find_user,
    get_user,
    history,
    lock_user,
    my_sessions,
    user_read,
    user_read_of,
)
from app.features.authentication.service.sessions import (
    actor_of_session,
    end_others,
    end_session,
    end_sessions,
    has_recent_password,
    keep_session,
    password_hash_of,
    prune,
    reauthenticate,
    sign_out,
    touch,
)
from app.features.authentication.service.sign_in import (
    check_password,
    finish_sign_in,
    start_sign_in,
)
from app.features.authentication.service.tokens import (
    IssuedTokens,
    SessionGate,
    open_session,
    refresh,
    session_gate,
)

__all__ = [
    "Caller",
    "IssuedTokens",
    "SessionGate",
    "SessionView",
    "actor_of_session",
    "check_password",
    "end_others",
    "end_session",
    "end_sessions",
    "find_user",
    "finish_sign_in",
    "get_user",
    "has_recent_password",
    "history",
    "keep_session",
    "lock_user",
    "my_sessions",
    "open_session",
    "password_hash_of",
    "prune",
    "reauthenticate",
    "record_security_event",
    "refresh",
    "session_gate",
    "sign_out",
    "start_sign_in",
    "touch",
    "user_read",
    "user_read_of",
]
