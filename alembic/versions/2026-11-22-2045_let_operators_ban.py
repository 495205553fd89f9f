"""Let sessions end, and histories tell of it, because an operator banned somebody or ended their sessions.

Revision ID: b41d7c2e9a53
Revises: 6f03653a7827
Create Date: 2026-11-22 20:45:10.318204+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b41d7c2e9a53"
down_revision: str | None = "6f03653a7827"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REASONS = (
    "signed_out", "ended_by_owner", "password_changed", "password_reset", "contact_changed", "replayed", "too_many",
    "replaced", "deactivated",
)  # fmt: skip
KINDS = (
    "registered", "signed_in", "sign_in_failed", "sign_in_delayed", "signed_out", "reauthenticated", "session_ended",
    "other_sessions_ended", "token_replayed", "password_changed", "password_reset_asked", "password_reset",
    "email_confirmed", "email_change_asked", "email_changed", "phone_confirmed", "phone_change_asked", "phone_changed",
    "deactivated", "role_changed",
)  # fmt: skip
CHECKS = (
    ("auth_sessions", "ck_auth_sessions_sessionend", "revoked_reason", REASONS, ("ended_by_operator", "banned")),
    (
        "security_events",
        "ck_security_events_securityeventkind",
        "kind",
        KINDS,
        ("sessions_ended_by_operator", "banned", "ban_lifted"),
    ),
)


def _allow(table: str, name: str, column: str, values: Sequence[str]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    # The new list holds all of the old one: the release that still runs meanwhile loses nothing by it.
    op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({listed})) NOT VALID")


def upgrade() -> None:
    for table, name, column, old, new in CHECKS:
        _allow(table, name, column, (*old, *new))


def downgrade() -> None:
    for table, name, column, old, _new in CHECKS:
        # Not validated: what happened meanwhile did happen, and a history is never rewritten.
        _allow(table, name, column, old)
